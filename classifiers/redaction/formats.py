"""Patterns of API tokens by maker: prefix, alphabet and minimum length.

Prefixes and lengths follow the rule sets of gitleaks and detect-secrets (2026), for tokens that
people paste into support messages. Bodies may be shorter than the makers' tokens, because people
cut them. Every repetition is possessive, so a hostile text takes linear time.
"""

_AI = (
    r"sk-[\w-]{16,}+",  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"gsk_\w{20,}+|xai-\w{20,}+|pplx-\w{20,}+|hf_\w{20,}+|api_org_\w{20,}+|r8_\w{20,}+",
    r"nvapi-[\w-]{20,}+|AIza[\w-]{30,}+|fw_\w{20,}+",
)
_CLOUD = (
    r"(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA|A3T[A-Z0-9])[A-Z0-9]{12,}+|ABSK[\w+/]{60,}+={0,2}",
    r"ya29\.[\w-]{20,}+|GOCSPX-[\w-]{16,}+|1//0[\w-]{20,}+",
    r"[\w~.]{3}\dQ~[\w~.-]{31,34}|LTAI\w{12,}+|AKID\w{13,}+",
    r"do[opr]_v1_[a-f0-9]{20,}+|HRKU-[\w-]{20,}+|dapi[a-f0-9]{32}(?:-\d)?",
    r"hv[sbr]\.[\w-]{20,}+|\w{14}\.atlasv1\.[\w=-]{20,}+|fo1_[\w-]{20,}+|fm[12][ar]?_[\w+/]{40,}+",
    r"sha256~[\w-]{43}|pul-[a-f0-9]{40}|dp\.(?:pt|st|ct|sa|scim|audit)\.\w{20,}+|v1\.0-[a-f0-9]{24}-\w+",
)
_CODE = (
    r"gh[opusr]_\w{20,}+|github_pat_\w{20,}+",
    r"gl(?:pat|ptt|dt|rt|cbt|soat|imt|ft|ffct|agent|oas|wt)-[\w.-]{16,}+|GR1348941[\w-]{16,}+",
    r"npm_\w{30,}+|pypi-[\w-]{16,}+|rubygems_[a-f0-9]{20,}+|CLOJARS_\w{20,}+|oy2[a-z0-9]{43}",
    r"dckr_[po]at_[\w-]{16,}+|AKCp\w{40,}+|cmVmd\w{40,}+|ATATT3[\w=-]{40,}+|ATCTT3[\w=-]{40,}+",
    r"ATBB\w{20,}+|sgp_\w{20,}+|PMAK-[a-f0-9-]{20,}+|API-[A-Z0-9]{26}|figd_[\w-]{20,}+",
    r"snt(?:rys|ryu)_[\w+/=]{20,}+|NR(?:AK|II|JS|RA)-[\w-]{16,}+|dt0c01\.\w{20,}+\.\w{20,}+",
    r"glsa_\w{20,}+|glc_[\w+/]{20,}+={0,2}|rdme_\w{20,}+|pscale_(?:tkn|oauth|pw)_[\w.=-]{16,}+",
    r"sb[ps]_\w{20,}+|sb_(?:secret|publishable)_[\w-]{16,}+|pnu_\w{20,}+|AGE-SECRET-KEY-1\w{20,}+",
    r"ops_eyJ[\w+/=-]{20,}+|A3-[A-Z0-9]{6}-[A-Z0-9-]{20,}+|lin_(?:api|oauth)_\w{20,}+|ico-\w{32}|ntn_\w{20,}+",
    r"secret_[A-Za-z0-9]{40,}+|pat\w{14}\.[a-f0-9]{40,}+",
)
_MESSAGES = (
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}+|x(?:app|wfp)-[\w-]{8,}+",
    r"SG\.[\w-]{16,}+\.[\w-]{16,}+|(?:pub)?key-[a-f0-9]{32}|[a-f0-9]{32}-us\d{1,2}(?![A-Za-z0-9])",
    r"xkeysib-[\w-]{20,}+|re_\w{8,}_\w{16,}+|(?:SK|AC)[a-f0-9]{32}(?![A-Za-z0-9])|tfp_[\w-]{20,}+",
    r"\d{8,10}:AA[\w-]{30,}+|[MNO][\w-]{23,27}+\.[\w-]{6}\.[\w-]{27,}+",
)
_PAYMENT = (
    r"(?:sk|pk|rk)_(?:live|test|prod)_\w{10,}+|whsec_[\w+/=]{16,}+",
    r"sq0(?:atp|csp|idp)-[\w-]{16,}+|EAAA[\w-]{40,}+|EAA[MC]\w{60,}+|shp(?:at|ca|pa|ss|tka)_\w{20,}+",
    r"access_token\$production\$\w{10,}+\$\w{20,}+|access-(?:sandbox|development|production)-[a-f0-9-]{30,}+",
    r"shippo_(?:live|test)_\w{20,}+|EZ[AT]K\w{40,}+|FLW(?:SECK|PUBK)(?:_TEST)?-[\w-]{12,}+",
    r"duffel_(?:live|test)_[\w=-]{20,}+|p8e-\w{20,}+",
)
_WEBHOOKS = (
    r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/+-]{8,}+",
    r"(?<=discord\.com/api/)webhooks/\d{5,20}/[\w-]{16,}+",
    r"(?<=discordapp\.com/api/)webhooks/\d{5,20}/[\w-]{16,}+",
    r"(?<=webhook\.office\.com/)webhookb2/[\w@/-]{16,}+",
    r"(?<=hooks\.zapier\.com/)hooks/catch/[\w/]{8,}+",
    r"(?<=maker\.ifttt\.com/)trigger/\w{1,64}/(?:json/)?with/key/[\w-]{8,}+",
    r"(?<=api\.telegram\.org/)bot\d{5,12}:[\w-]{16,}+",
    r"(?<=hook\.eu1\.make\.com/)\w{16,}+|(?<=hook\.make\.com/)\w{16,}+",
)
TOKENS = (*_AI, *_CLOUD, *_CODE, *_MESSAGES, *_PAYMENT, *_WEBHOOKS)
"""Patterns of tokens; none may follow a letter or digit."""
