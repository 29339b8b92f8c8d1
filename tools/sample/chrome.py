"""The words around the text: menus, cookie banners, share buttons, footers and comments, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a site's frame says. `menu` has eight entries, `comments` are whole remarks of readers."""

    home: str
    menu: tuple[str, ...]
    search: str
    login: str
    cookie: str
    accept: str
    share: str
    related: str
    popular: str
    remarks: str
    comments: tuple[str, ...]
    reply: str
    previous: str
    following: str
    by: str
    published: str
    views: str
    newsletter: str
    footer: str
    links: tuple[str, ...]


ZH_HANS = Words(
    home="首页",
    menu=("新闻", "财经", "科技", "文化", "体育", "健康", "教育", "旅游"),
    search="搜索",
    login="登录 / 注册",
    cookie="本网站使用 Cookie 以改善您的浏览体验，继续访问即表示您同意我们的隐私政策。",
    accept="我知道了",
    share="分享到：微信 微博 QQ空间 复制链接",
    related="相关阅读",
    popular="热门排行",
    remarks="网友评论",
    comments=(
        "写得真详细，收藏了。",
        "第三段说的情况我也碰到过，当时完全不知道怎么办。",
        "顶一下楼主，希望多发这样的内容。",
        "能不能把参考资料也贴出来？",
        "和我爷爷讲的差不多，一下子想起小时候。",
        "看完了，感觉还可以再展开说说。",
        "沙发！支持原创。",
        "转给家里人看了，谢谢分享。",
    ),
    reply="回复",
    previous="上一篇",
    following="下一篇",
    by="作者",
    published="发布时间",
    views="阅读",
    newsletter="扫码关注我们的公众号，第一时间获取更新",
    footer="版权所有 未经授权禁止转载 备案号：示例备00000000号 违法和不良信息举报入口",
    links=("关于我们", "联系方式", "隐私政策", "网站地图", "广告服务", "友情链接"),
)

ZH_HANT = Words(
    home="首頁",
    menu=("即時新聞", "財經", "科技", "藝文", "運動", "健康", "教育", "旅遊"),
    search="搜尋",
    login="會員登入",
    cookie="本網站使用 Cookie 提升您的使用體驗，繼續瀏覽即代表您同意我們的隱私權政策。",
    accept="我同意",
    share="分享到：臉書 LINE 噗浪 複製連結",
    related="延伸閱讀",
    popular="熱門文章",
    remarks="讀者留言",
    comments=(
        "寫得很清楚，先存起來慢慢看。",
        "請問有推薦的延伸書單嗎？",
        "小時候阿嬤也是這樣做的，好懷念。",
        "感謝整理，分享給同事了。",
        "第二段的說法和我聽到的有點不一樣耶。",
        "推一個，期待下一篇。",
    ),
    reply="回覆",
    previous="上一則",
    following="下一則",
    by="撰文",
    published="發佈日期",
    views="瀏覽人次",
    newsletter="訂閱電子報，每週精選好文寄到信箱",
    footer="版權所有，轉載必究。本站內容僅供參考，不代表任何機構立場。",
    links=("關於本站", "聯絡我們", "隱私權聲明", "網站導覽", "刊登廣告", "常見問題"),
)

EN = Words(
    home="Home",
    menu=("News", "Opinion", "Business", "Science", "Culture", "Sport", "Travel", "Food"),
    search="Search this site",
    login="Sign in",
    cookie="We use cookies and similar technologies to improve your experience. Manage your preferences at any time.",
    accept="Accept all",
    share="Share this: Facebook Email Copy link",
    related="You may also like",
    popular="Most read this week",
    remarks="Comments",
    comments=(
        "Lovely piece, I learned something today.",
        "Could you post your sources? I would like to read more.",
        "My grandmother used to say exactly the same thing.",
        "Not sure I agree with the last part, but thanks for writing it up.",
        "Bookmarked. The second half answered a question I have had for years.",
        "First! Great read as always.",
        "There is a small typo near the end, otherwise excellent.",
        "Sharing this with my class next week.",
    ),
    reply="Reply",
    previous="Previous article",
    following="Next article",
    by="By",
    published="Published",
    views="views",
    newsletter="Sign up for our newsletter and never miss a story",
    footer="All rights reserved. Use of this site constitutes acceptance of our User Agreement and Privacy Statement.",
    links=("About us", "Contact", "Privacy policy", "Terms of use", "Advertise", "Site map"),
)

JA = Words(
    home="ホーム",
    menu=("ニュース", "経済", "科学", "文化", "スポーツ", "健康", "教育", "旅行"),
    search="検索",
    login="ログイン",
    cookie="当サイトでは利便性の向上のためにクッキーを使用しています。詳しくはプライバシーポリシーをご覧ください。",
    accept="同意する",
    share="シェアする：LINE はてな リンクをコピー",
    related="関連記事",
    popular="人気ランキング",
    remarks="コメント",
    comments=("とても参考になりました。", "続きが楽しみです。", "祖母の話を思い出しました。", "出典を教えてください。"),
    reply="返信",
    previous="前の記事",
    following="次の記事",
    by="文",
    published="公開日",
    views="閲覧",
    newsletter="メールマガジンに登録して最新情報を受け取る",
    footer="掲載の記事・写真の無断転載を禁じます。すべての内容は著作権法によって保護されています。",
    links=("運営会社", "お問い合わせ", "プライバシーポリシー", "サイトマップ", "広告掲載", "利用規約"),
)

DE = Words(
    home="Startseite",
    menu=("Nachrichten", "Wirtschaft", "Wissen", "Kultur", "Sport", "Gesundheit", "Bildung", "Reisen"),
    search="Suche",
    login="Anmelden",
    cookie="Diese Website verwendet Cookies. Mit der weiteren Nutzung stimmen Sie unserer Datenschutzerklärung zu.",
    accept="Alle akzeptieren",
    share="Teilen: Facebook E-Mail Link kopieren",
    related="Das könnte Sie auch interessieren",
    popular="Meistgelesen",
    remarks="Kommentare",
    comments=("Sehr schöner Beitrag, danke.", "Gibt es dazu eine Quelle?"),
    reply="Antworten",
    previous="Vorheriger Artikel",
    following="Nächster Artikel",
    by="Von",
    published="Veröffentlicht",
    views="Aufrufe",
    newsletter="Newsletter abonnieren",
    footer="Alle Rechte vorbehalten. Vervielfältigung nur mit Genehmigung des Verlags.",
    links=("Impressum", "Kontakt", "Datenschutz", "AGB", "Werbung", "Übersicht"),
)

FR = Words(
    home="Accueil",
    menu=("Actualités", "Économie", "Sciences", "Culture", "Sport", "Santé", "Éducation", "Voyages"),
    search="Rechercher",
    login="Se connecter",
    cookie="Ce site utilise des cookies pour améliorer votre expérience. Vous pouvez modifier vos choix à tout moment.",
    accept="Tout accepter",
    share="Partager : Facebook Courriel Copier le lien",
    related="À lire aussi",
    popular="Les plus lus",
    remarks="Commentaires",
    comments=("Très bel article, merci.", "Avez-vous une source ?"),
    reply="Répondre",
    previous="Article précédent",
    following="Article suivant",
    by="Par",
    published="Publié le",
    views="vues",
    newsletter="Abonnez-vous à notre lettre d'information",
    footer="Tous droits réservés. Toute reproduction est interdite sans autorisation.",
    links=("À propos", "Contact", "Mentions légales", "Plan du site", "Publicité", "Aide"),
)

ES = Words(
    home="Inicio",
    menu=("Noticias", "Economía", "Ciencia", "Cultura", "Deportes", "Salud", "Educación", "Viajes"),
    search="Buscar",
    login="Iniciar sesión",
    cookie="Este sitio utiliza cookies para mejorar su experiencia. Puede cambiar sus preferencias en todo momento.",
    accept="Aceptar todo",
    share="Compartir: Facebook Correo Copiar enlace",
    related="También le puede interesar",
    popular="Lo más leído",
    remarks="Comentarios",
    comments=("Muy buen artículo, gracias.", "¿Podrían citar la fuente?"),
    reply="Responder",
    previous="Artículo anterior",
    following="Artículo siguiente",
    by="Por",
    published="Publicado",
    views="visitas",
    newsletter="Suscríbase a nuestro boletín",
    footer="Todos los derechos reservados. Prohibida la reproducción sin autorización.",
    links=("Quiénes somos", "Contacto", "Privacidad", "Aviso legal", "Publicidad", "Mapa del sitio"),
)

RU = Words(
    home="Главная",
    menu=("Новости", "Экономика", "Наука", "Культура", "Спорт", "Здоровье", "Образование", "Путешествия"),
    search="Поиск",
    login="Войти",
    cookie="Мы используем файлы cookie. Продолжая пользоваться сайтом, вы соглашаетесь с политикой конфиденциальности.",
    accept="Согласен",
    share="Поделиться: ВКонтакте Почта Ссылка",
    related="Читайте также",
    popular="Самое популярное",
    remarks="Комментарии",
    comments=("Очень интересно, спасибо.", "А где можно почитать подробнее?"),
    reply="Ответить",
    previous="Предыдущая статья",
    following="Следующая статья",
    by="Автор",
    published="Опубликовано",
    views="просмотров",
    newsletter="Подпишитесь на рассылку",
    footer="Все права защищены. Перепечатка материалов без разрешения редакции запрещена.",
    links=("О нас", "Контакты", "Конфиденциальность", "Карта сайта", "Реклама", "Помощь"),
)

KO = Words(
    home="홈",
    menu=("뉴스", "경제", "과학", "문화", "스포츠", "건강", "교육", "여행"),
    search="검색",
    login="로그인",
    cookie="이 사이트는 더 나은 이용 환경을 위해 쿠키를 사용합니다. 자세한 내용은 개인정보 처리방침을 확인하십시오.",
    accept="동의",
    share="공유하기: 카카오톡 밴드 링크 복사",
    related="관련 기사",
    popular="많이 본 기사",
    remarks="댓글",
    comments=("좋은 글 감사합니다.", "다음 글도 기대하겠습니다."),
    reply="답글",
    previous="이전 글",
    following="다음 글",
    by="글쓴이",
    published="등록일",
    views="조회",
    newsletter="뉴스레터 구독하기",
    footer="무단 전재 및 재배포를 금지합니다. 모든 콘텐츠의 저작권은 본사에 있습니다.",
    links=("회사 소개", "문의", "개인정보 처리방침", "사이트맵", "광고 안내", "이용 약관"),
)

WORDS = {
    ("zh", "Hans"): ZH_HANS,
    ("zh", "Hant"): ZH_HANT,
    ("en", "Latn"): EN,
    ("ja", "Jpan"): JA,
    ("de", "Latn"): DE,
    ("fr", "Latn"): FR,
    ("es", "Latn"): ES,
    ("ru", "Cyrl"): RU,
    ("ko", "Kore"): KO,
}
