"""Extracts a customer's own words from a helpdesk cell: no HTML, quoted replies or signatures."""

import re
from itertools import takewhile
from typing import Final

from selectolax.lexbor import LexborHTMLParser

_BLOCKS: Final = (
    "p, div, br, li, tr, table, ul, ol, blockquote, pre, hr, h1, h2, h3, h4, h5, h6, section"
)
_BREAK: Final = "\v"  # marks the end of a line; never occurs in the text of HTML
_UNSEEN: Final = "head, script, style, template, title, noscript"
_QUOTED: Final = (
    "blockquote[type=cite], .gmail_quote, .gmail_signature, .gmail_attr, .yahoo_quoted, "
    ".moz-cite-prefix, .moz-signature, #divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend, "
    "#appendonsend ~ *, #Signature"
)
_CLOSED = re.compile(
    r"</(?:p|div|span|b|i|u|a|em|strong|font|ul|ol|li|table|td|tr|body|html|blockquote|pre|"
    r"h[1-6]|center|article|section)\s*>|<br\s*/?>",
    re.IGNORECASE,
)
_OPENED = re.compile(
    r"<(?:!doctype|html|body|p|div|span|b|i|u|a|em|strong|font|ul|ol|li|table|td|tr|blockquote|"
    r"pre|h[1-6]|center|article|section|br)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"--\s?|_{5,}|(?:sent from my|get outlook for|gesendet von mein|envoyé de mon|"
    r"enviado desde mi|enviado do meu|inviato da|verzonden vanaf|skickat från min|sendt fra min|"
    r"wysłane z|odesláno z|отправлено с)\b.{0,80}|"  # noqa: RUF001 - Cyrillic
    r"(?:von meinem |从我的|從我的|나의 )?(?:iphone|ipad|galaxy|android).{0,20}"
    r"(?:gesendet|gönderildi|から送信|发送|傳送|에서 보냄)|(?:发自|發自|寄自)我的.{1,20}",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?:on|am|le|el|il|op|em|den|dne|w dniu|в|в:)\b.{4,200}\b"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napsal(?:\(a\))?|"
    r"napisał(?:\(a\))?|написала?(?:\(.\))?)\b.{0,80}:",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[<(\[][^\s<>()\[\]]{1,100}@[^\s<>()\[\]]{1,100}[>)\]]")
_DATED = re.compile(r"\d{1,2}[:.h]\d\d|(?:19|20)\d\d")
_INTRODUCES: Final = (":", "\uff1a")
"""With an address and a date, a colon at the end marks "on … wrote:" in any language."""
_ORIGINAL = re.compile(
    r"[-_]{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande|"
    r"oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|"
    r"původní zpráva|исходное сообщение|оригінальне повідомлення|orijinal ileti|原始邮件|原始郵件|"
    r"元のメッセージ|원본 메시지)\s*[-_]{2,}",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"##-.{1,200}-##|"
    r"\W{0,20}(?:please )?(?:(?:type|write|enter) your )?reply above this line\W{0,20}",
    re.IGNORECASE,
)
"""The line that helpdesks ask people to write above."""
_HEADER = re.compile(r"\*?\w[\w ]{0,20}\s?[:\uff1a].{0,300}")
_FROM = re.compile(
    r"\*?(?:from|von|de|da|van|från|fra|lähettäjä|od|от|від|feladó|kimden|από|מאת|من|"
    r"差出人|送信者|发件人|寄件者|보낸 사람)\s?[:\uff1a]\*?\s?\S.{0,200}",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\*?(?:subject|betreff|objet|asunto|oggetto|onderwerp|assunto|ämne|emne|aihe|temat|předmět|"
    r"predmet|тема|tárgy|subiect|konu|θέμα|נושא|الموضوع|件名|主题|主題|主旨|제목)\s?[:\uff1a].{0,300}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-_]{2,}.{0,20}\b(?:forwarded|weitergeleitet|transféré|reenviad|inoltrat|doorgestuurd)"
    r".{0,40}",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]{1,2000}>")
_TAGS_MAX: Final = 5_000
"""The most tags to parse as a tree: time is quadratic in depth. Beyond it, tags are stripped."""
_LINE_MAX: Final = 600
"""The characters of a line to check: longer lines are not headers."""


def mail_text(text: str) -> str:
    """Return the writer's own words in a helpdesk cell, as plain text.

    A cell is HTML if a common element is opened and closed in it, or if it has a <br>. Drop
    everything from the first line of a quoted reply or signature on, and lines that begin with >.
    Return the cell unchanged if nothing would be left.
    """
    plain = _of_html(text) if _is_html(text) else text
    if "\n" not in plain:
        return plain
    return _unquoted(plain) or plain


def _is_html(text: str) -> bool:
    return "<" in text and _CLOSED.search(text) is not None and _OPENED.search(text) is not None


def _of_html(text: str) -> str:
    if text.count("<") > _TAGS_MAX:
        return " ".join(_TAG.sub(" ", text).split())
    tree = LexborHTMLParser(text.replace("\r", ""))
    whole = _words(tree)
    for node in tree.css(_QUOTED):
        node.decompose()
    return _words(tree) or whole


def _words(tree: LexborHTMLParser) -> str:
    copy = LexborHTMLParser(tree.html or "")
    for node in copy.css(_UNSEEN):
        node.decompose()
    for node in copy.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in copy.css("td, th"):
        node.insert_after(" ")
    words = copy.body.text() if copy.body is not None else ""
    lines = (" ".join(line.split()) for line in words.split(_BREAK))
    return "\n".join(filter(None, lines))


def _unquoted(text: str) -> str:
    lines = text.splitlines()
    bare = [line.strip()[:_LINE_MAX] for line in lines]
    kept: list[str] = []
    for number, line in enumerate(bare):
        if _FORWARDED.fullmatch(line):
            return text  # the forwarded mail is the request
        if _ABOVE.fullmatch(line) and not any(map(str.strip, kept)):
            continue
        if _ends(line, bare[number + 1 : number + 6]):
            break
        if not line.startswith(">"):
            kept.append(lines[number])
    return "\n".join(kept).strip()


def _ends(line: str, after: list[str]) -> bool:
    """Return True if the writer's own words end before this line."""
    if any(form.fullmatch(line) for form in (_SIGNATURE, _ORIGINAL, _ABOVE)):
        return True
    if _introduces(line) or (after and _introduces(f"{line} {after[0]}")):
        return True
    return _FROM.fullmatch(line) is not None and _has_subject(after)


def _introduces(line: str) -> bool:
    """Return True for a line such as "on Monday, A wrote:", which introduces a quoted reply."""
    if _WROTE.fullmatch(line):
        return True
    dated = line.endswith(_INTRODUCES) and _DATED.search(line) is not None
    return dated and _ADDRESS.search(line) is not None


def _has_subject(after: list[str]) -> bool:
    headers = takewhile(_HEADER.fullmatch, filter(None, after))
    return any(map(_SUBJECT.fullmatch, headers))
