"""The benchmark's messages: 24 texts of usual length, each made unique by a ticket number."""

TEXTS = (
    "Hi, my card was charged twice for the same order yesterday, can you refund one of them?",
    "The invoice for this month shows the wrong amount and the old company address.",
    "I would like to cancel my subscription before it renews next week.",
    "Why was I billed for five seats when there are only three of us in the team?",
    "Please send me the receipt of the last payment, our accounting needs it by Friday.",
    "Our payment failed with the message that the bank declined it, but the bank says all is fine.",
    "The app crashes every time I open the settings page since the last update.",
    "Uploads of files larger than 10 MB stop at 99 percent and then fail with a timeout.",
    "The API answers 500 to every request with more than twenty items in it.",
    "Search does not find anything that I wrote today, everything older is there.",
    "Push notifications arrive an hour late on Android, on the desktop they are on time.",
    "The export to CSV has broken characters wherever a name has an accent.",
    "Pages take more than ten seconds to load from our office in Lisbon this morning.",
    "I cannot log in, the reset mail for my password never arrives.",
    "Please change the owner of our workspace, the former one left the company.",
    "How do I turn on two-factor authentication for everybody in the team?",
    "My account was locked after three tries, can somebody open it again?",
    "I want to change the e-mail address that I sign in with.",
    "Two of my colleagues see another workspace than I do after they sign in.",
    "Can you delete my account and all the data that belongs to it?",
    "Is there a plan for schools, and where do I find the price of it?",
    "Do you have a roadmap? We would love to see dark mode some day.",
    "Thanks a lot, the new dashboard is great!",
    "Who may I talk to about a partnership between our companies?",
)


def text(number: int) -> str:
    """Return the message with this number; each number gives another text."""
    return f"{TEXTS[number % len(TEXTS)]} (ticket {number})"
