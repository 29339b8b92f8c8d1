"""Abuse and spam on text that the shipped models have not seen: floors and ceilings that a change must not break.

Fold 0 of every set is never trained on; the adverts and the honest texts below were written for this test, by other
templates than pipeline/train/templates/spam.toml.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from filters.key import fold
from filters.toxicity import SafetySpec, Scorer
from filters.view import TextView
from pipeline.train.shipped import DATA, clean_samples
from pipeline.train.texts import read_rows, read_samples
from pipeline.train.toxicity import label_of

SPEC = SafetySpec()

SPAM_ZH = [
    "PG电子麻将胡了试玩入口,平博在线体育直播,开云体育app官方入口 最新版本下载,九游会J9登录真人第一品牌",
    "凯发k8旗舰厅 一触即发,天生赢家凯发网址,AG旗舰厅真人,JDB电子 爆大奖 首充返利 礼金不断",
    "想玩牌不用出门!百人同桌现金互博,人民币上下分,二十四小时有人,找上分银商➕徽❤jb6655",
    "新澳门今晚开奖结果查询 澳门天天好彩 资料大全 管家婆一码中一肖 四不像正版图",
    "大小单双倍投方案,跟着老师走,下期必开,昨天全红,今天继续,名额有限先到先得,拉你进计划群",
    "杏彩娱乐招商主管Q一二三四五六,日工资千分之十八,分红每半月一次,秒充秒提永不黑款",
    "真錢遊戲,百家樂,線上博弈推薦,註冊就送體驗金,無需存款,娛樂城評價第一,出金快速",
    "赌球软件 买球网站排行榜 足球竞彩盘口 皇冠代理 信用网出租 现金网包网",
    "本市外围女模特预约,照片视频核实,酒店上门,不满意可换,支持现金微信支付,老客户有优惠",
    "海角社区 吃瓜网 黑料不打烊 91短视频破解版 无限次看 含羞草 麻豆传媒 国产乱伦",
    "夜场招聘佳丽,日结两千起,包吃住,陪酒陪唱,想赚钱的美女加我详聊",
    "丝袜美腿诱惑熟女写真 高清套图 无圣光 免费下载 福利姬 反差婊 全集泄密",
    "急用钱?一张身份证就能拿钱,黑白户都可以,不打电话不上门,十分钟到账,无视逾期无视负债,私聊",
    "代办各类证件,做旧做真,档案补办,学信网同步录入,先看样后交钱,诚信经营十余年",
    "出售四件套,实名微信号批发,抖音千粉号,接码平台,料子,跑分车队招人",
    "苗家古方一贴除根,腰椎间盘突出不开刀不住院,连用三个疗程终身不发,订购送两盒,拨打免费电话",
    "淘宝拍单员急招,不收押金,一单一结,每天半小时轻松三百元,有手机就行,扫码添加主管",
    "老铁们,想要男人雄风持久的看过来,纯中药滋补,一粒见效,无副作用,隐私发货",
    "SEO优化排名 快排系统 发包技术 权重站出租 蜘蛛池 目录出租 黑帽技术培训",
    "开挂神器 透视自瞄 麻将辅助器 微乐麻将挂 必赢神器 下载安装 教程 客服咨询",
    "百家号代发,软文营销,新闻源发稿低至五元,一手渠道,包收录,负面信息删除压制",
]
HONEST_ZH = [
    "国家税务总局近日发布公告,明确电子发票的开具、交付和查验等事项,纳税人可以通过电子发票服务平台办理,无需领用纸质发票。",
    "彩票销售机构应当按照规定向社会公布开奖结果,中奖者应当自开奖之日起六十个工作日内持彩票到指定地点兑奖,逾期视为弃奖。",
    "他沉迷网络赌博,先后向亲戚朋友借款十余万元,最终妻离子散。社区民警多次上门劝导,帮助他联系戒赌互助小组。",
    "概率论的诞生与赌博有密切的关系。十七世纪,帕斯卡与费马通信讨论了赌注分配问题,奠定了古典概率的基础。",
    "本品用于治疗男性勃起功能障碍,建议在性活动前约一小时服用,每日最多服用一次,与硝酸酯类药物合用会导致血压骤降,禁止同服。",
    "小额贷款公司不得吸收公众存款,贷款利率不得超过司法保护上限,地方金融监管部门负责日常监督管理。",
    "我买的这款扫地机器人用了三个月,吸力还可以,就是容易卡在椅子腿下面,客服态度不错,给换了一个边刷。",
    "酒店提供免费早餐和机场接送服务,房间宽敞干净,距离地铁站步行五分钟,周边有很多小吃,性价比很高,推荐入住。",
    "淋病和梅毒是常见的性传播疾病,正确使用安全套可以有效降低感染风险,出现症状应及时到正规医院皮肤性病科就诊。",
    "红楼梦第十二回写贾瑞正照风月鉴,凤姐设局,贾瑞一病不起,跛足道人送来镜子,嘱咐千万不可照正面。",
    "公司招聘新媒体运营两名,负责公众号和短视频账号的日常更新,月薪八千到一万二,五险一金,双休,简历请投递人事邮箱。",
    "搜索引擎优化是指通过调整网站结构和内容来提高网页在搜索结果中的自然排名,常见做法包括优化标题、描述和内部链接。",
    "英超联赛第二十轮,主队凭借下半场的两粒进球逆转取胜,积分榜上升到第四位,主教练赛后称赞了球员的拼搏精神。",
    "新车搭载一点五升涡轮增压发动机,最大功率一百三十五千瓦,百公里油耗六点二升,厂商指导价十二万八千元起,现在订车可享三千元优惠。",
    "某地网信办依法关闭一批传播淫秽色情信息的网站,查获违法账号三百余个,提醒广大网民自觉抵制不良信息,发现线索及时举报。",
    "楼主你好,这个驱动我也遇到过,先卸载再重启,然后到官网下载最新版安装就可以了,记得关闭杀毒软件,祝好运。",
    "银行客服提醒您:请勿向陌生人透露短信验证码,凡是声称可以提高额度、注销网贷账户的电话均为诈骗,如有疑问请拨打官方热线。",
    "麻将在各地规则不同,四川麻将讲究血战到底,不能吃牌,必须缺一门才能胡牌,而广东麻将通常可以鸡胡。",
]
SPAM_EN = [
    "Spin the reels today! Deposit ten bucks, play with two hundred. VIP table games, crypto payouts in minutes, no verification.",
    "Meet naughty local women tonight, view private pics, chat for free, discreet encounters guaranteed",
    "Cheap meds from Canadian pharmacy no rx needed, ED tablets, worldwide shipping discreet packaging",
    "We provide high quality dofollow links, DA50+, increase your traffic, first page google guaranteed, contact our skype",
    "I was broke until Dr. Wilson traded bitcoin for me, I invested $500 and got $7,000 in one week, message him now",
    "agen slot online terpercaya deposit pulsa tanpa potongan link alternatif daftar sekarang bonus new member",
    "Top grade replica handbags and watches, mirror quality, free shipping worldwide, wholesale price",
]
HONEST_EN = [
    "The bill would legalise sports betting in the state and tax operators at fifteen percent, with revenue going to roads.",
    "Our hotel offers free breakfast and a shuttle to the airport. Rooms start at $89 per night; cancel any time before arrival.",
    "Chlamydia is a common sexually transmitted infection that often causes no symptoms; testing is free at local clinics.",
    "To install the package, run the command below and restart the server. If you see an error, check the log file.",
    "In this chapter we study random walks and the gambler's ruin problem, first solved by Pascal and Fermat.",
    "The pharmacist advised her to take the tablets with food and to avoid alcohol for a week.",
]

shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent"),
]


@pytest.fixture(scope="module")
def score() -> Scorer:
    return SPEC.open()


def measure(
    score: Scorer, texts: Iterable[str], language: str, signal: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """float64[texts]; a text too short to measure is left out."""
    views = (TextView(text=text, key=fold(text), lines=(), words=(), language=language, script="") for text in texts)
    values = (score(view)[signal] for view in views)
    return np.array([value for value in values if value is not None])


@pytest.mark.parametrize(("texts", "language", "floor"), [(SPAM_ZH, "zh", 0.8), (SPAM_EN, "en", 0.99)])
def test_unseen_adverts_are_found(score: Scorer, texts: list[str], language: str, floor: float) -> None:
    found = measure(score, texts, language, "safety_spam_score") > SPEC.quarantine_spam_score
    assert found.mean() >= floor


@pytest.mark.parametrize(("texts", "language"), [(HONEST_ZH, "zh"), (HONEST_EN, "en")])
def test_honest_text_with_the_same_words_is_kept(score: Scorer, texts: list[str], language: str) -> None:
    assert not (measure(score, texts, language, "safety_spam_score") > SPEC.quarantine_spam_score).any()
    assert not (measure(score, texts, language, "safety_toxic_score") > SPEC.quarantine_toxic_score).any()


class TestShared:
    pytestmark = shared

    @pytest.mark.parametrize(
        ("name", "language", "floor"),
        [("zh-coldataset-train-dev", "zh", 0.87), ("zh-swsr", "zh", 0.58), ("en-davidson", "en", 0.95)],
    )
    def test_f1_of_abuse(self, score: Scorer, name: str, language: str, floor: float) -> None:
        """At .5, per set and never pooled: their definitions differ."""
        rows = [row for row in read_samples([DATA / "toxicity" / f"{name}.jsonl.gz"]) if row.fold == 0]
        rows = [row for row in rows if len(fold(row.text)) >= SPEC.min_characters]
        flagged = measure(score, (row.text for row in rows), language, "safety_toxic_score") > 0.5
        toxic = np.array([label_of(row) == "toxic" for row in rows])
        assert 2 * (flagged & toxic).sum() / (flagged.sum() + toxic.sum()) >= floor

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_ordinary_documents_are_kept(self, score: Scorer, language: str) -> None:
        texts = [sample.text for sample in clean_samples(language) if sample.fold == 0]
        assert len(texts) > 600
        for signal, drop, review in (
            ("safety_toxic_score", SPEC.max_toxic_score, SPEC.quarantine_toxic_score),
            ("safety_spam_score", SPEC.max_spam_score, SPEC.quarantine_spam_score),
        ):
            values = measure(score, texts, language, signal)
            assert (values > drop).mean() <= 0.001, signal
            assert (values > review).mean() <= 0.005, signal

    def test_exam_questions_in_law_medicine_and_history_are_kept(self, score: Scorer) -> None:
        """A sixth of the Chinese benchmark items; none was trained on. Single windows: harder than documents."""
        rows = [row for i, row in enumerate(read_rows(Path(DATA / "benchmarks" / "questions.jsonl.gz"))) if i % 6 == 0]
        texts = [question(row) for row in rows if row["lang"] == "zh"]
        assert len(texts) > 2_000
        assert (measure(score, texts, "zh", "safety_spam_score") > SPEC.max_spam_score).mean() <= 0.002
        assert (measure(score, texts, "zh", "safety_toxic_score") > SPEC.max_toxic_score).mean() <= 0.01


def question(row: Mapping[str, object]) -> str:
    choices = row["choices"]
    assert isinstance(choices, list)
    return " ".join([str(row["question"]), *choices])
