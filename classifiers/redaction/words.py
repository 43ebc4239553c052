"""Words that mark the number or the word after them, in fifteen languages.

They are stems in lower case, with common spellings without accents. Inflections follow the stem.
Order: English, German, French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Turkish,
Arabic, Chinese, Japanese, Korean, Thai.
"""

# ruff: noqa: RUF001 - words of many scripts, some of them for "password"

PASSWORD = (
    *("password", "passwd", "passphrase", "passcode", "pass code", "login code"),
    *("passwort", "kennwort", "zugangscode", "losungswort", "zugangsdaten"),
    *("mot de passe", "mdp", "code d'accès", "code d’accès", "code secret"),
    *("contraseña", "contrasena", "clave"),
    *("senha", "palavra-passe", "palavra passe", "palavra chave"),
    *("parola d'ordine", "parola d’ordine", "parola chiave", "codice di accesso"),
    *("wachtwoord", "toegangscode"),
    *("hasło", "hasła", "hasłem", "haśle", "haslo"),
    *("пароль", "пароля", "паролем", "кодовое слово"),
    *("şifre", "sifre", "parola"),
    *("كلمة المرور", "كلمة مرور", "كلمة السر", "كلمة سر", "باسورد", "باسوورد"),
    *("密码", "密碼", "口令"),
    *("パスワード", "暗号", "合言葉"),
    *("비밀번호", "비번", "암호", "패스워드"),
    *("รหัสผ่าน", "พาสเวิร์ด", "พาสเวิด"),
    *("api-schlüssel", "api schlüssel", "clé api", "clé d'api", "clé d’api", "chave api"),
    *("chave de api", "chave da api", "chiave api", "api-sleutel", "api sleutel", "klucz api"),
    *("api-ключ", "ключ api", "токен", "api anahtar", "مفتاح api", "رمز الوصول", "api密钥"),
    *("api 密钥", "令牌", "apiキー", "api キー", "トークン", "api 키", "api키", "토큰", "โทเค็น"),
)
CODE = (
    *("security code", "verification code", "mtan", "sms-tan"),
    *("one-time code", "card code", "2fa code", "access code"),
    *("prüfziffer", "prüfnummer", "geheimzahl", "sicherheitscode", "bestätigungscode"),
    *("code de sécurité", "cryptogramme", "code confidentiel", "code de vérification"),
    *("código de seguridad", "codigo de seguridad", "código de verificación", "número secreto"),
    *("código de segurança", "codigo de seguranca", "código de verificação"),
    *("codice di sicurezza", "codice di verifica", "codice segreto"),
    *("pincode", "beveiligingscode", "verificatiecode", "controlecode"),
    *("kod bezpieczeństwa", "kod weryfikacyjny", "kod pin"),
    *("пин", "код безопасности", "код подтверждения", "секретный код"),
    *("güvenlik kodu", "güvenlik kodum", "doğrulama kodu", "pin kodu"),
    *("رمز الأمان", "رمز الامان", "رمز التحقق", "الرقم السري", "رقم سري", "الرمز السري"),
    *("安全码", "安全碼", "验证码", "驗證碼", "校验码", "个人识别码", "取款密码"),
    *("暗証番号", "セキュリティコード", "認証コード", "確認コード", "セキュリティ番号"),
    *("핀번호", "핀 번호", "보안코드", "보안 코드", "인증번호", "인증 번호", "인증코드"),
    *("พิน", "รหัสความปลอดภัย", "รหัสยืนยัน", "รหัสลับ", "รหัส otp"),
)
SHORT_CODE = ("pin", "cvc", "cvv", "csc", "otp", "tan")
"""Stems of other words too, so they count only alone, inflected, or before a word for "code"."""

CARD = (
    *("card", "visa", "amex", "karte", "carte", "tarjeta", "cartão", "cartao", "carta", "kaart"),
    *("kart", "карт", "بطاقة", "بطاقت", "卡", "カード", "카드", "บัตร"),
)
PHONE = (
    *("phone", "telephone", "cellphone", "mobile", "whatsapp", "call me", "reach me", "text me"),
    *("my number is", "ring me"),
    *("telefon", "rufnummer", "handynummer", "mobilnummer", "ruf mich", "rufen sie mich"),
    *("erreichbar unter", "erreichen sie mich"),
    *("téléphone", "telephone", "portable", "appelez-moi", "appelle-moi", "joignable"),
    *("mon numéro",),
    *("teléfono", "telefono", "móvil", "celular", "llámame", "llámeme", "mi número"),
    *("telefone", "telemóvel", "telemovel", "ligue-me", "ligue para", "me liga", "meu número"),
    *("cellulare", "chiamami", "chiamatemi", "recapito", "il mio numero"),
    *("telefoon", "mobiel", "bel me", "bel mij", "mijn nummer"),
    *("telefonu", "komórk", "komork", "zadzwoń", "mój numer"),
    *("телефон", "мобильн", "сотов", "позвони", "звоните", "мой номер"),
    *("beni ara", "numaram", "cep numara"),
    *("هاتف", "جوال", "موبايل", "تلفون", "واتساب", "اتصل", "رقمي"),
    *("电话", "電話", "手机", "手機", "致电", "我的号码"),
    *("携帯", "ケータイ", "スマホ"),
    *("전화", "휴대폰", "핸드폰", "연락처"),
    *("โทร", "เบอร์", "มือถือ"),
)
SHORT_PHONE = (
    "tel",
    "tél",
    "telf",
    "ph",
    "cel",
    "tlf",
    "tfno",
    "cell",
    "fax",
    "gsm",
    "handy",
    "mobil",
    "mob",
    "моб",
    "тел",
)
"""Stems of other words too, so they count only as whole words."""

COPULAS = (
    *("is", "was", "ist", "war", "lautet", "heißt", "heisst", "est", "était", "es", "era"),
    *(
        "é",
        "e",
        "è",
        "era",
        "c'est",
        "c’est",
        "jest",
        "to",
        "это",
        "dir",
        "olarak",
        "should be",
        "set to",
    ),
)
COPULAS_UNPARTED = (
    "是",
    "为",
    "為",
    "は",
    "が",
    "는",
    "은",
    "คือ",
    "ว่า",
    "هي",
    "هو",
    ":",
    "=",
    "→",
    "->",
)
"""Words for "is", with spaces around them (COPULAS) and without."""

CODE_NOUNS = (
    *("code", "number", "no", "nr", "nummer", "numéro", "número", "numero", "kod", "kodu", "numer"),
    *("код", "номер", "码", "碼", "号", "番号", "コード", "번호", "코드"),
)

OTHER_NUMBERS = (
    *("account", "article", "artikel", "auftrag", "bestell", "bestelling", "build", "case"),
    *("caso", "client", "cliente", "commande", "contract", "contrat", "contrato", "contratto"),
    *("customer", "dossier", "encomenda", "erreur", "error", "fehler", "ошибк", "错误", "エラー"),
    *("factura", "facture", "factuur", "faktur", "fattura"),
    *("fatura", "imei", "invoice", "isbn", "kargo", "klant", "klient", "konto", "kunden"),
    *("müşteri", "order", "ordine", "package", "parcel", "pedido", "pratica", "przesyłk"),
    *("rechnung", "reference", "seguimiento", "sendung", "serial", "serien", "shipment"),
    *("sipariş", "sku", "spedizione", "suivi", "sözleşme", "talep", "ticket", "tracking"),
    *("version", "vertrag", "vorgang", "zaak", "zamówieni", "zending", "zgłoszeni", "договор"),
    *("заказ", "заявк", "клиент", "обращени", "отправлени", "посылк", "счет", "счёт", "الطلب"),
    *("الفاتورة", "تذكرة", "شحنة", "طلب", "فاتورة", "คำสั่งซื้อ", "พัสดุ", "ลูกค้า", "ออเดอร์"),
    *(
        "ใบแจ้งหนี้",
        "伝票",
        "发票",
        "合同",
        "契約",
        "客户",
        "工单",
        "快递单",
        "注文",
        "發票",
        "訂單",
        "請求",
        "订单",
    ),
    *("运单", "追跡", "顧客", "고객", "송장", "운송장", "주문", "청구"),
)
"""Words before other numbers: of orders, invoices, tickets, parcels, customers, contracts."""
