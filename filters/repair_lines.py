"""What a line of page furniture says: RE2 expressions by kind, in Chinese, English and some Japanese. Data only.

`filters.repair` matches them against whole lines, without regard to case. Each kind has two sorts:

- certain: no author writes such a line; removed wherever it stands.
- likely: words that also head a paragraph or stand in a list ("登录", "Search"); removed only beside another such line,
  three in a row, or at the edge of the text.

An expression has no end mark of a sentence in its open parts (`[^。！？]`), so that prose which begins with the same
words stays ("上一篇文章里我们讲到……。").
"""

from typing import Final

_SITES = (
    r"(?:facebook|twitter|x|instagram|youtube|linkedin|pinterest|whatsapp|telegram|reddit|email|e-mail|line|tumblr|weibo"
    r"|微信|微博|新浪微博|腾讯微博|朋友圈|微信好友|qq|qq空间|qq好友|豆瓣|人人网|百度贴吧|复制链接|更多)"
)
_AND = r"[ \t、，,/|+&·]*(?:and[ \t]+|or[ \t]+)?"
_EDITOR = r"(?:责任编辑|責任編輯|责任编校|责编|責編|执行编辑|文字编辑|值班编辑|编辑|編輯|编审|校对|审核)"
_TITLE = r"(?:[ \t]*[:：][ \t]*[^。！？\n]*|[ \t]*[»›→>]+)?"

# By kind, the certain lines and the likely ones.
LINES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "navigation": (
        (
            rf"(?:[«‹←<]+[ \t]*)?[上下]一(?:篇|页|頁|章|条|條|则|則|节|節|张|張|回){_TITLE}",
            r"(?:[上下]一[页頁章篇]|尾页|返回目录|目录|首页|[ \t|/·])*[上下]一[页頁章篇](?:[上下]一[页頁章篇]|尾页|返回目录|目录|首页|[ \t|/·])*",
            r"(?:点击)?(?:返回|回到|回)(?:顶部|頂部|首页|首頁|列表|上一页|上一頁|目录|网站首页)",
            r"(?:点击|點擊)?(?:查看|阅读|閱讀|显示|展开|展開|浏览)(?:更多|全文|全部|原文|剩余)(?:内容|新闻|评论|回答)?(?:[ \t]*[>»]+)?",
            r"(?:点击)?查看(?:全部|更多)?[ \t]*\d+[ \t]*条(?:评论|回复|回答)[ \t]*[>»]*",
            r"(?:您?当前(?:的)?位置|您现在的位置|您所在的位置|您的位置|你的位置|目前位置|現在位置|你现在的位置)(?:是|为)?[ \t]*[:：][^。！？\n]*",
            r"(?:网站)?(?:首页|首頁)[ \t]*[>»›→].*",
            r"home[ \t]*[>»›→].*",
            r"(?:设为首页|設為首頁)[ \t|]*(?:加入收藏|收藏本站)?",
            r"(?:back|return|go|scroll) to (?:the )?top(?: of (?:the )?page)?",
            r"skip to (?:main |primary |the )?(?:content|navigation|search|footer)",
            r"jump to (?:navigation|search)(?:,? search)?",
            r"toggle (?:navigation|menu|sidebar)",
            r"(?:[«‹←<]+[ \t]*)?(?:previous|next|prev|older|newer) (?:post|article|story|entry|entries|posts)(?:[ \t]*[:»›→>]+[^!?\n]*)?",
            r"(?:load|show|view|see) (?:more|all)(?: (?:\d+ )?(?:comments|replies|posts|articles|stories|news))?",
            r"ページ(?:の先頭|トップ|上部)(?:へ|に)(?:戻る)?|トップ(?:ページ)?(?:へ|に)戻る",
        ),
        (
            r"(?:网站|論壇|论坛)?(?:首页|首頁)", r"网站地图|網站地圖|网站导航|加入收藏|收藏本站|友情链接|在线客服|客户端下载|返回",
            r"关于我们|關於我們|联系我们|聯絡我們|聯繫我們|帮助中心|意见反馈|广告服务|人才招聘",
            r"home|menu|main menu|search|site ?map|about us|contact us|help|more|read more|learn more|view all|see all",
            r"(?:previous|next)(?: page)?", r"更多|更多[ \t]*[>»]+|更多[ \t]*(?:\.{2,}|…)",
            r"前の(?:記事|ページ)(?:へ)?|次の(?:記事|ページ)(?:へ)?",
        ),
    ),
    "sharing": (
        (
            rf"(?:一键)?分享(?:到|至|给|給)[ \t]*[:：]?(?:{_AND}{_SITES})*",
            r"分享让更多人看到",
            r"(?:请|請)?(?:用|使用|打开)?(?:手机|微信|浏览器)*扫一扫[^。！？\n]*",
            r"(?:微信)?(?:长按|長按|扫描|掃描|扫码|识别)(?:识别|上方|下方|上图|下图|左侧|右侧|此|该|图中)*(?:二维码|二維碼|关注|下载|关注公众号)[^。！？\n]*",
            r"(?:更多(?:精彩)?(?:内容|资讯)[,，]?)?(?:敬请|请|欢迎)(?:您)?(?:搜索)?关注(?:我们的?)?(?:官方)?(?:微信)?(?:公众号|微信|微博|官方微博)[^。！？\n]*",
            r"(?:打印(?:本页|本文|此页)|关闭(?:窗口|本页|此页)|推荐给朋友|[ \t|【】\[\]])*(?:打印(?:本页|本文|此页)|关闭(?:窗口|本页|此页))(?:打印(?:本页|本文|此页)|关闭(?:窗口|本页|此页)|推荐给朋友|[ \t|【】\[\]])*",
            r"字[体号體號][ \t]*[:：]?(?:[ \t]*[【\[]?[ \t]*[大中小][ \t]*[】\]]?){2,}",
            (r"share (?:this|on|via)(?: (?:article|post|page|story|link|entry|video|with friends|other sites))?(?: (?:on|via|with|to)(?: "
            rf"{_SITES})*)?[ \t]*:?|share (?:on|via|to) {_SITES}(?:{_AND}(?:share (?:on|via|to) )?{_SITES})*"),
            r"pin it(?: on pinterest)?",
            rf"(?:be sure to )?(?:follow|like|find|join|visit) (?:us|[^.!?\n。]+) on {_SITES}(?:{_AND}{_SITES})*\.?",
            r"(?:click to )?(?:email|print|share) this(?: (?:article|page|post|story))?(?: to a friend)?(?: \(opens in new window\))?",
            r"click to share on [^.!?\n]+\(opens in new window\)",
            r"(?:please )?(?:sign up|subscribe)(?: (?:for|to|here|now|today))*(?: (?:our|the|my|free|daily|weekly|email))+ newsletters?[^?\n]*",
            r"get the latest (?:news|updates|stories)[^.!?\n]*(?:in|to) your (?:inbox|email)[^?\n]*",
        ),
        (r"分享|转发|打印|收藏|点赞", r"tweet|share|print|e-?mail|facebook|twitter|linkedin|pinterest|rss|follow us|シェア(?:する)?|ツイート"),
    ),
    "credits": (
        (
            r"[\[【（(〔]?[ \t]*(?:责任编辑|責任編輯|责任编校|责编|責編)[ \t]*(?:[:：][ \t]*[^。！？\n]*|[^。！？\n:： \t]{2,4})?[\]】）)〕]?",
            rf"[\[【（(〔][ \t]*{_EDITOR}[ \t]*[:：][^。！？\n]*[\]】）)〕]?(?:[ \t]*返回搜狐[,，]?[ \t]*查看更多)?",
            r"返回搜狐[,，]?[ \t]*查看更多",
        ),
        (rf"{_EDITOR}[ \t]*[:：][ \t]*[^。！？\n \t]+(?:[ \t]+[^。！？\n]*)?",),
    ),
    "rights": (
        (
            r"(?:©|\(c\)|copyright)[^!?\n]*all rights? reserved\.?",
            r"all rights? reserved\.?[^!?\n]*(?:this (?:web)?site|agreement|policy|permission|terms)[^!?\n]*",
            r"[^！？\n]*無断(?:転載|複製|転用|引用)[^！？\n]*(?:禁|遠慮)[^！？\n]*",
            r"(?:本站|本网|本网站|网站)?(?:版权所有|版權所有)(?:[^者人。！？\n][^。！？\n]*)?",
            r"[^。！？\n]*icp[ \t]*[备證证][ \t]*\d{4,}[ \t]*号?[^。！？\n]*",
            r"[^。！？\n]*公网安备[ \t]*\d{6,}[^。！？\n]*",
            r"(?:未经|未經)[^。！？\n]*(?:授权|授權|许可|許可|允许|同意)[^。！？\n]*(?:转载|轉載|复制|使用)[^。！？\n]*[。！]?",
            r"[（(【]?(?:免责|版权|特别|平台|郑重|重要)?声明[ \t]*[:：].*(?:转载|版权|侵权|立场|仅代表|信息存储|不负责).*",
            r"[^。！？\n]*(?:如有侵权|若有侵权|如涉及侵权|如侵权)[^。！？\n]*(?:联系|告知|通知)[^。！？\n]*[。！]?",
        ),
        (
            r"(?:©|\(c\)|copyright[ \t]*(?:©|\(c\)|\d{4}))[^!?\n]*", r"all rights reserved\.?",
            r"免责声明|隐私(?:政策|权政策|声明)|隱私權政策|使用条款|服务条款|用户协议|版权声明",
            (r"(?:privacy|cookie) (?:policy|notice|statement)|terms (?:of|and) (?:use|service|conditions)"
            r"|privacy policy[ \t]*\|[ \t]*terms[^.!?\n]*"),
        ),
    ),
    "prompts": (
        (
            r"(?:点(?:击)?(?:这里|此处))?(?:发表|發表|添加|写|我要)评论[ \t]*[:：]?|發表評論[ \t]*[:：]?|我来说两句[^。！？\n]*",
            r"请先[ \t]*(?:登录|登陆|登入)?[^。！？\n]*(?:后|再)[ \t]*(?:发表|进行|才能)?[^。！？\n]*评论[^。！？\n]*[。！~～]?",
            r"(?:共|已有)?[ \t]*\d+[ \t]*(?:条|則|则|人)[ \t]*(?:评论|評論|参与评论|回复|留言)",
            r"(?:网友|最新|热门|全部|更多)(?:评论|留言|跟帖)[ \t]*[ \t]*[:：]?[ \t]*(?:共?[ \t]*\d+[ \t]*条?(?:评论|留言)?)?",
            r"leave (?:a|your) (?:comment|reply)(?: cancel reply)?|cancel reply|(?:post|add|write) a (?:comment|reply)",
            r"(?:please )?(?:log|sign) ?in(?: or (?:register|sign up|create an account))? to (?:leave a |post a |post )?(?:comments?|reply|vote)[^?\n]*",
            r"you (?:must|need to|have to) (?:be )?(?:log(?:ged)? ?in|login|sign(?:ed)? in|a member|registered)[^?\n]*(?:comment|repl)[^?\n]*",
            r"create an account or sign in to comment|sign up for a new account in our community[^?\n]*|register a new account",
            r"already have an account\? (?:sign|log) in(?: here| now)?\.?",
            r"your email address will not be published\.?[^?\n]*|required fields are marked[^?\n]*",
            r"notify me of (?:new posts|follow-?up comments) (?:by|via) email\.?",
        ),
        (
            r"(?:立即|会员|用户|免费)?(?:登录|登陆|登入|注册|註冊)(?:[ \t|/]*(?:立即)?(?:注册|登录|登入|註冊))?|注册会员|账号(?:注册|登录)|忘记密码[?？]?",
            (r"(?:log|sign) ?in(?: now)?|sign ?up(?: now)?|register|create (?:an )?account|my account|forgot (?:your )?password\??"
            r"|log in i forgot my password sign up|subscribe|comments?"),
        ),
    ),
    "counters": (
        (
            r"(?:阅读|浏览|点击|访问|人气)(?:数|量|次数)?[ \t]*[:：(（][ \t]*\d+[ \t]*次?[)）]?(?:[ \t|]*(?:评论|回复|点赞|收藏)(?:数)?[ \t]*[:：(（][ \t]*\d+[)）]?)*",
            r"\d[\d,.]*[ \t]*[kmb]?[ \t]+(?:likes|shares|comments|retweets|reposts|bookmarks|upvotes|downvotes|views|followers)",
        ),
        (r"(?:评论|点赞|收藏|转发|分享|赞)[ \t]*[(（:：]?[ \t]*\d+[ \t]*[)）]?",),
    ),
    "notices": (
        (
            r"(?:this|our) (?:web)?site uses cookies.*",
            (r"(?:we|we and our (?:\d+ )?partners) use (?:necessary |essential |our own )?cookies (?:and .* )?(?:to|so) (?:improve|enhance"
            r"|personali[sz]e|give|ensure|provide|offer|understand|analy[sz]e|make|help|store|deliver|optimi[sz]e|track|that).*"),
            r"by (?:continuing|using|clicking|browsing).*(?:use of cookies|our cookies|cookie policy).*",
            r"(?:accept|reject|allow|manage|decline) (?:all )?cookies|cookie (?:settings|preferences|list|consent)",
            r"(?:本网站|本站|我们)使用[ \t]*cookies?.*",
            r"(?:it (?:looks|appears) (?:like|that) )?(?:your )?(?:browser )?java ?script (?:is|has been|seems to be|must be) (?:currently )?(?:disabled|required|not enabled|enabled).*",
            r"(?:please|you (?:need|must) to?) ?(?:enable|turn on|activate) java ?script.*",
        ),
        (),
    ),
}  # fmt: skip
KINDS: Final = (*LINES, "related")

# Characters of the longest line of a kind: the open parts of its expressions have no bound of their own, because
# counted repetition makes the automaton of RE2 a hundred times as large.
MAX_CHARS: Final = {
    "navigation": 100, "sharing": 100, "credits": 40, "rights": 300, "prompts": 80, "counters": 60, "notices": 400,
    "related": 40,
}  # fmt: skip
MAX_CLOSING_CHARS: Final = 40

# A heading behind which only titles of other pages follow.
RELATED: Final = (
    r"(?:相关|相關|延伸|推荐|推薦|热门|熱門|更多|精彩|最新)(?:阅读|閱讀|文章|推荐|新闻|新聞|链接|资讯|专题|报道|帖子|内容|标签|问题)[ \t]*[:：]?",
    r"猜你喜欢|大家都在看|看了又看|为您推荐|你可能(?:还)?(?:感兴趣|喜欢)(?:的(?:文章|内容))?",
    (r"(?:related|recommended|popular|recent|similar|latest) (?:posts?|articles?|stories|news|topics|content|reading|threads)"
    r"(?: (?:and links|for you))?[ \t]*:?"),
    r"(?:you (?:may|might) also (?:like|enjoy|be interested in)|more (?:from|in) (?:this|the|our) \w+|read next|up next|what to read next|recommended for you)[ \t]*:?",
    r"関連(?:記事|リンク)|おすすめ(?:記事)?|人気(?:記事|の記事)",
)  # fmt: skip

# At the end of a line of text: the portal's closing words run on from the last paragraph.
CLOSING: Final = (
    rf"[ \t]*(?:[（(【\[][ \t]*{_EDITOR}[ \t]*[:：][^）)】\]。！？\n]*[）)】\]]?)?[ \t]*返回搜狐[,，]?[ \t]*查看更多[ \t]*$",
    rf"[ \t]*[（(【\[][ \t]*{_EDITOR}[ \t]*[:：][^）)】\]。！？\n]*[）)】\]][ \t]*$",
)
