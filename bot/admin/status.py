"""The lines about the LLM in `status`, in Slack and on the command line."""

from classifiers.config import LlmConfig
from classifiers.plural import plural
from storage.spending import Spending, Spent


async def llm_status(spending: Spending, config: LlmConfig) -> tuple[str, list[str]]:
    """Return today's costs in one line, and the reasons why the LLM is not asked, if any."""
    spent, why_out = await spending.today(), await spending.why_out()
    return cost_line(spent, config), warnings(spent, why_out, config)


def cost_line(spent: Spent, config: LlmConfig) -> str:
    """Return a UTC day's calls, tokens and US dollars in one line."""
    budget = "" if config.daily_budget_usd is None else f" of ${config.daily_budget_usd:,.2f}"
    return (
        f"{plural(spent.requests, 'call')}, {plural(spent.prompt_tokens, 'token')} read "
        f"({spent.cached_share:.0%} from a cache), {spent.completion_tokens:,} written, "
        f"${spent.cost_usd:,.4f}{budget}"
    )


def warnings(spent: Spent, why_out: str | None, config: LlmConfig) -> list[str]:
    """Return the reasons why the LLM is not asked now; empty if it is."""
    found = [] if why_out is None else [why_out]
    if config.daily_budget_usd is not None and spent.cost_usd >= config.daily_budget_usd:
        found.append(
            "local model only until 00:00 UTC: today's budget "
            f"([llm] daily_budget_usd = {config.daily_budget_usd:g}) is spent"
        )
    return found
