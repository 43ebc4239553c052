"""The Azure (Foundry) backend: its own file encoding, training type and deployment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

from learning.config import AzureTable
from learning.finetune import shutdown_dates as closing
from learning.finetune.account import Account
from learning.finetune.backend import Level, PreflightFinding, RefusedError, UnavailableError
from learning.finetune.errors import certificates, reached, shown
from learning.finetune.hosted import HostedBackend
from storage.examples.snapshots import Snapshot
from storage.jobs import Job

_API_VERSION = "2024-10-01"
_TIMEOUT_S = 30.0
_NAMED = ("subscription", "resource_group", "account")


@dataclass(frozen=True, slots=True)
class Principal:
    """A service principal that may deploy models in the resource."""

    tenant: str = ""
    client: str = ""
    secret: str = field(default="", repr=False)

    @property
    def complete(self) -> bool:
        """Return True if tenant, client and secret are set."""
        return bool(self.tenant and self.client and self.secret)


class AzureBackend(HostedBackend):
    """An Azure OpenAI or Foundry resource; without a service principal, a person deploys."""

    table: AzureTable
    encoding = "utf-8-sig"  # Azure misreads the file without a byte-order mark

    def __init__(
        self, name: str, account: Account, table: AzureTable, suffix: str, principal: Principal
    ) -> None:
        super().__init__(name, account, table, suffix)
        self._principal = principal

    async def check(self, snapshot: Snapshot) -> list[PreflightFinding]:
        """Check as for every provider, and check that the bot can deploy the trained model."""
        if self.table.endpoint is None:
            message = (
                "train.azure.endpoint is not set. Set it to an address such as "
                "https://NAME.openai.azure.com"
            )
            return [PreflightFinding(Level.REFUSE, message)]
        found = list(await super().check(snapshot))
        message = "Azure charges for a deployed model by the hour: delete unused deployments"
        found.append(PreflightFinding(Level.NOTE, message))
        found += closing.of_azure(self.base_model, datetime.now(UTC).date())
        if not self._deploys:
            found.append(
                PreflightFinding(
                    Level.NOTE,
                    "the bot cannot deploy the model: it will tell you the model's name to deploy. "
                    f"To let the bot deploy, set {self._needs()}",
                )
            )
        return found

    @property
    def _deploys(self) -> bool:
        return self._principal.complete and all(getattr(self.table, name) for name in _NAMED)

    def _needs(self) -> str:
        tables = ", ".join(f"train.azure.{name}" for name in _NAMED)
        return f"{tables} and AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET"

    def arguments(self, job: Job) -> dict[str, Any]:
        """Return the arguments of every provider, with Azure's field `trainingType`."""
        extra = {"trainingType": self.table.training_type}
        return super().arguments(job) | {"extra_body": extra}

    async def deploy(self, job: Job) -> str:
        """Create the deployment and return its name; PUT makes repeated calls harmless."""
        name = self.suffix(job)
        if not self._deploys:
            return name
        model = {"format": "OpenAI", "name": job.tuned, "version": "1"}
        body = {
            "sku": {"name": self.table.sku, "capacity": self.table.capacity},
            "properties": {"model": model},
        }
        await self._manage("PUT", name, body)
        return name

    async def probe(self, job: Job, snapshot: Snapshot) -> None:
        """Probe as for every provider; errors say why the deployment does not answer."""
        try:
            await super().probe(job, snapshot)
        except UnavailableError as error:
            if not self._deploys:
                raise UnavailableError(
                    f"{job.tuned} is not deployed. Deploy it in Foundry as {job.serving}, or set "
                    f"{self._needs()} ({error})"
                ) from None
            state = (await self._manage("GET", job.serving, None)).get("properties", {})
            if state.get("provisioningState") in {"Failed", "Canceled"}:
                raise RefusedError(
                    f"Azure did not deploy {job.tuned}: {state['provisioningState']}. Look for "
                    "the reason (quota, region) at the resource's deployments"
                ) from None
            raise

    async def _manage(self, method: str, name: str, body: dict[str, Any] | None) -> dict[str, Any]:
        table = self.table
        url = (
            f"{table.management_url}subscriptions/{table.subscription}/resourceGroups/"
            f"{table.resource_group}/providers/Microsoft.CognitiveServices/accounts/"
            f"{table.account}/deployments/{name}"
        )
        async with self._http() as http:
            answer = await http.request(
                method, url, params={"api-version": _API_VERSION}, json=body
            )
        return _answered(answer, "deploying")

    @asynccontextmanager
    async def _http(self) -> AsyncIterator[httpx2.AsyncClient]:
        """Open a client that is signed in as the service principal."""
        table, principal = self.table, self._principal
        with reached("Azure"):
            async with httpx2.AsyncClient(timeout=_TIMEOUT_S, verify=certificates()) as http:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": principal.client,
                    "client_secret": principal.secret,
                    "scope": f"{table.management_url}.default",
                }
                url = f"{table.login_url}{principal.tenant}/oauth2/v2.0/token"
                token = _answered(await http.post(url, data=form), "signing in")
                http.headers["authorization"] = f"Bearer {token.get('access_token', '')}"
                yield http


def _answered(answer: httpx2.Response, doing: str) -> dict[str, Any]:
    if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        raise UnavailableError(f"Azure answered {answer.status_code} on {doing}")
    try:
        found = answer.json()
    except ValueError:
        found = {}
    body: dict[str, Any] = found if isinstance(found, dict) else {}
    if answer.status_code in (httpx2.codes.TOO_MANY_REQUESTS, httpx2.codes.CONFLICT):
        raise UnavailableError(f"Azure answered {answer.status_code} on {doing}")
    if answer.is_error:
        error = body.get("error")
        reason = error.get("message") if isinstance(error, dict) else body.get("error_description")
        message = f"Azure answered {answer.status_code} on {doing}: {shown(reason)}"
        raise UnavailableError(f"{message}. Give the service principal the Foundry Owner role")
    return body
