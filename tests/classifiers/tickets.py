"""A history made of templates: 150 tickets from 83 templates, some used several times."""

import random
from collections.abc import Iterator

from classifiers.base import Example

TEMPLATES = {
    "BILLING": (
        "My invoice {n} shows the wrong amount",
        "I was charged twice for order {n}",
        "Please refund payment {n}",
        "Why did my plan go up to {n} dollars",
        "Can I pay invoice {n} by bank transfer",
        "The receipt for order {n} is missing",
        "My card was declined for invoice {n}",
        "I need a copy of invoice {n} for my accountant",
        "Cancel subscription {n} and refund me",
        "VAT is missing on invoice {n}",
        "How do I change the credit card for account {n}",
        "The discount code was not applied to order {n}",
        "Our invoice {n} has the old company address",
        "When is payment {n} due",
        "You billed {n} seats but we use fewer",
        "I want to downgrade plan {n}",
        "Is there a yearly price for {n} users",
        "Payment {n} is still pending since last week",
        "We got a dunning letter for invoice {n}",
        "Please split invoice {n} into two",
        "Can you resend receipt {n}",
    ),
    "TECHNICAL": (
        "The dashboard does not load since build {n}",
        "The app crashes with error {n}",
        "Export fails with code {n}",
        "API returns {n} for every request",
        "Webhook {n} is not delivered",
        "The report {n} is empty",
        "Upload of file {n} stops halfway",
        "Search shows no results for ticket {n}",
        "Page {n} is blank in Firefox",
        "Sync with Jira broke at {n} today",
        "The mobile app freezes on screen {n}",
        "Notifications arrive {n} minutes late",
        "The chart {n} shows wrong data",
        "Integration {n} with Slack stopped working",
        "Import of CSV {n} fails",
        "Version {n} does not start on Windows",
        "I get timeout {n} when saving",
        "The button on form {n} does nothing",
        "Images in article {n} do not show",
        "Our backup job {n} did not run",
        "Server {n} is very slow",
    ),
    "ACCOUNT": (
        "I cannot log in to account {n}",
        "Reset the password of user {n}",
        "Please add user {n} to our team",
        "How do I change my email on account {n}",
        "Two factor code {n} does not arrive",
        "Remove user {n} from the workspace",
        "My account {n} is locked",
        "Give user {n} admin rights",
        "Change the owner of workspace {n}",
        "I want to delete account {n}",
        "User {n} has no permission to edit",
        "Rename our workspace to {n}",
        "Merge accounts {n} and the old one",
        "The invitation for user {n} expired",
        "Single sign on fails for user {n}",
        "Change the language of profile {n}",
        "I lost the phone for account {n}",
        "How do I update profile picture {n}",
        "Transfer license {n} to a colleague",
        "Deactivate user {n} please",
        "I forgot the user name for account {n}",
    ),
    "OTHER": (
        "Do you offer student discounts for {n} people",
        "I have a feature request number {n}",
        "Are you hiring in city {n}",
        "Where is your office {n}",
        "Can you speak at our event on day {n}",
        "I would like a partnership for {n} months",
        "Do you have a dark mode planned for version {n}",
        "Who is your CEO since {n}",
        "Send me your brochure {n}",
        "Is there a roadmap for {n}",
        "I love your product, {n} stars",
        "Can we book a demo for {n} people",
        "What is your carbon footprint in {n}",
        "Do you support charity {n}",
        "Press inquiry number {n}",
        "Are you certified for ISO {n}",
        "Do you have a reseller in region {n}",
        "How many customers do you have in {n}",
        "Thank you for the help with case {n}",
        "I want to give feedback number {n}",
    ),
}


def tickets(size: int, seed: int) -> Iterator[Example]:
    """Yield every template once and some of them again, each with another number."""
    choose = random.Random(seed)  # noqa: S311 - the same each time
    shapes = [(label, shape) for label, all_ in TEMPLATES.items() for shape in all_]
    picked = shapes + choose.choices(shapes, k=size - len(shapes))
    for number, (label, shape) in enumerate(picked):
        yield Example(f"{number}", shape.format(n=choose.randint(1_000, 99_999)), label)
