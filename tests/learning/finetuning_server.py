"""A fake provider of file and fine-tuning APIs on a real socket, in three dialects."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from learning.config import AzureTable, NebiusTable, OpenAiTable
from tests.serving import listening, serving

Row = dict[str, Any]
Dialect = Literal["openai", "azure", "nebius"]
KEY = "sk-test-0123456789abcdef0123456789abcdef"
FEWEST = 10
BOM = b"\xef\xbb\xbf"


@dataclass
class Fault:
    """A fault for one request: another answer, or no answer until `go_on` is set.

    With `done`, the request is carried out first.
    """

    answer: Response | None = None
    done: bool = False
    hang: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


class Drop(Response):
    """Promises a body and closes the connection instead."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def failed(status: int, message: str = "no", code: str | None = None, **headers: str) -> Response:
    """Return an error response; unless `headers` override it, the SDK does not retry."""
    error = {"message": message, "type": "error", "param": None, "code": code}
    return JSONResponse({"error": error}, status, {"x-should-retry": "false"} | headers)


@dataclass
class FinetuningServer:
    """Keeps files, jobs and deployments; each poll of a job takes its next status from `script`."""

    url: str
    dialect: Dialect
    script: deque[str] = field(default_factory=lambda: deque(["validating_files", "queued"]))
    ends: str = "succeeded"
    error: Row | None = None
    shutdown_date: str | None = None
    models: set[str] = field(default_factory=set)
    closed: bool = False
    callable_after: int = 0
    says: str | None = None
    files: list[Row] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    deployments: dict[str, Row] = field(default_factory=dict)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    probes: int = 0

    def fail(self, route: str, *faults: Fault) -> None:
        """Apply these faults to the next requests of a route such as `POST jobs`."""
        self.faults[route].extend(faults)

    def sent(self, route: str) -> list[Any]:
        """Return the bodies of the requests to a route."""
        return [body for where, body in self.requests if where == route]

    @property
    def cancelled(self) -> list[str]:
        return [one["id"] for one in self.jobs if one["status"] == "cancelled"]

    # --- files

    async def add_file(self, request: Request) -> Response:
        form = multipart(request.headers["content-type"], await request.body())
        name, content = form["file"]
        problem = self.problem_of(content)
        row = {
            "id": f"file-{len(self.files) + 1}",
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": form["purpose"][1].decode(),
            "status": "error" if problem else "processed",
            "status_details": problem,
        }
        self.files.append(row)
        return JSONResponse(row)

    def problem_of(self, content: bytes) -> str | None:
        """Return the fault that the provider's validation finds in a training file, or None."""
        if content.startswith(BOM) is not (self.dialect == "azure"):
            return "The file is not in the encoding that is asked for"
        lines = content.removeprefix(BOM).decode().splitlines()
        if len(lines) < FEWEST:
            return f"Training file has {len(lines)} example(s), but must have at least 10 examples"
        for line in lines:
            turns = json.loads(line)["messages"]
            if [one["role"] for one in turns] != ["system", "user", "assistant"]:
                return "The last message must be from the assistant"
            if any(one.keys() != {"role", "content"} for one in turns):
                return "Unknown key in a message"
        return None

    async def list_files(self, _: Request) -> Response:
        return listed(self.files)

    async def get_file(self, request: Request) -> Response:
        [row] = [one for one in self.files if one["id"] == request.path_params["id"]]
        return JSONResponse(row)

    # --- jobs

    async def add_job(self, request: Request) -> Response:
        body = await request.json()
        if self.closed:
            return failed(403, "Fine-tuning is not available for this organization")
        if refused := self.refusal(body):
            return failed(400, refused)
        kept = {} if self.dialect == "nebius" else {"metadata": body.get("metadata")}
        row = {
            "id": f"ftjob-{len(self.jobs) + 1}",
            "object": "fine_tuning.job",
            "created_at": 1_800_000_000 + len(self.jobs),
            "model": body["model"],
            "status": "validating_files",
            "training_file": body["training_file"],
            "hyperparameters": {},
            "organization_id": "org-1",
            "result_files": [],
            "seed": 1,
            "suffix": body.get("suffix"),
            **kept,
        }
        self.jobs.append(row)
        return JSONResponse(row)

    def refusal(self, body: Row) -> str | None:
        """Return the reason for which a dialect rejects a job, or None."""
        if self.dialect == "nebius":
            if {"method", "metadata"} & body.keys():
                return "method and metadata are not known here"
            return None if "n_epochs" in body.get("hyperparameters", {}) else "no n_epochs"
        if self.dialect == "azure" and body.get("trainingType") != "globalStandard":
            return "The fineTuningJob field is required"
        if self.dialect == "openai" and "trainingType" in body:
            return "Unknown parameter: trainingType"
        return None if "n_epochs" in str(body.get("method")) else "no n_epochs"

    async def list_jobs(self, request: Request) -> Response:
        tag = request.query_params.get("metadata[triage_job]")
        if tag is None or self.dialect != "openai":
            return listed(self.jobs)
        return listed([one for one in self.jobs if one["metadata"]["triage_job"] == tag])

    async def get_job(self, request: Request) -> Response:
        row = self.job(request)
        if row is None:
            return failed(404, "No such job")
        if row["status"] not in {"succeeded", "failed", "cancelled"}:
            status = self.script.popleft() if self.script else self.ends
            row["status"] = status
            if status == "succeeded" and self.dialect == "nebius":
                row["trained_tokens"] = 123_456
            elif status == "succeeded":
                row["fine_tuned_model"] = f"ft:{row['model']}:{row['suffix']}"
                row["trained_tokens"] = 123_456
            if status == "failed":
                row["error"] = self.error
        return JSONResponse(row)

    def job(self, request: Request) -> Row | None:
        found = [one for one in self.jobs if one["id"] == request.path_params["id"]]
        return found[0] if found else None

    async def cancel_job(self, request: Request) -> Response:
        row = self.job(request)
        if row is None or row["status"] in {"succeeded", "failed", "cancelled"}:
            return failed(400, "The job has ended")
        row["status"] = "cancelled"
        return JSONResponse(row)

    async def list_events(self, request: Request) -> Response:
        row = self.job(request)
        status = "" if row is None else row["status"]
        event = {
            "id": "ftevent-1",
            "object": "fine_tuning.job.event",
            "created_at": 1,
            "level": "info",
            "message": f"Job is {status}; mail owner@example.com",
        }
        return listed([event])

    async def list_checkpoints(self, request: Request) -> Response:
        rows = [
            {
                "id": f"ftckpt-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": step,
                "fine_tuned_model_checkpoint": "",
                "fine_tuning_job_id": request.path_params["id"],
                "metrics": {},
                "step_number": step,
            }
            for step in (20, 40, 10)
        ]
        return listed(rows)

    # --- models

    async def get_model(self, request: Request) -> Response:
        name = request.path_params["id"]
        if name not in self.models:
            return failed(404, "The model does not exist")
        return JSONResponse(self.model_row(name))

    def model_row(self, name: str) -> Row:
        row: Row = {"id": name, "object": "model", "created": 1, "owned_by": "provider"}
        return row | {"shutdown_date": self.shutdown_date}

    async def list_models(self, _: Request) -> Response:
        return listed([self.model_row(name) for name in sorted(self.models)])

    async def model_limits(self, _: Request) -> Response:
        if self.closed:
            return failed(403, "Fine-tuning is not available for this organization")
        rows = [{"model": name} for name in sorted(self.models)]
        return JSONResponse({"object": "list", "data": rows})

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.probes += 1
        if self.probes <= self.callable_after or not self.serves(body["model"]):
            return failed(404, f"The model {body['model']} does not exist")
        enum = body["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"]
        content = json.dumps({"label": enum[0]}) if self.says is None else self.says
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        row = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
        return JSONResponse(row | {"choices": [choice]})

    def serves(self, name: str) -> bool:
        """Return True if a model can be called: once trained at OpenAI, once deployed elsewhere."""
        if self.dialect == "openai":
            return any(one.get("fine_tuned_model") == name for one in self.jobs)
        return any(one["name"] == name for one in self.deployments.values())

    # --- deploying at Nebius and in Azure

    async def add_adapter(self, request: Request) -> Response:
        body = await request.json()
        name = f"{body['base_model']}-LoRa:{body['name']}-AbCd"
        self.deployments[f"{body['name']}-{len(self.deployments)}"] = {
            "name": name,
            "base_model": body["base_model"],
            "source": body["source"],
            "status": "validating",
        }
        return JSONResponse({"name": name, "status": "validating"})

    async def list_adapters(self, _: Request) -> Response:
        for one in self.deployments.values():
            one["status"] = "active" if one["status"] == "validating" else one["status"]
        return JSONResponse({"models": list(self.deployments.values())})

    async def sign_in(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["client_secret"] != "principal-secret":
            return JSONResponse({"error_description": "AADSTS7000215: Invalid secret"}, 401)
        return JSONResponse({"access_token": "token-1"})

    async def deployment(self, request: Request) -> Response:
        if request.headers["authorization"] != "Bearer token-1":
            return JSONResponse({"error": {"message": "no"}}, 401)
        name = request.path_params["name"]
        if request.method == "PUT":
            body = await request.json()
            state = {"provisioningState": "Succeeded", **body["properties"]}
            self.deployments[name] = {"name": name, "properties": state}
        return JSONResponse(self.deployments[name])

    # --- faults

    def route(
        self, method: str, path: str, name: str, act: Callable[[Request], Awaitable[Response]]
    ) -> Route:
        async def answered(request: Request) -> Response:
            where = f"{method} {name}"
            body = await request.body()
            self.requests.append((where, json.loads(body) if body.startswith(b"{") else None))
            key = request.headers.get("authorization", "")
            if "/arm/" not in path and "/login/" not in path and key != f"Bearer {KEY}":
                return failed(401, f"Incorrect API key provided: {key}", "invalid_api_key")
            fault = self.faults[where].popleft() if self.faults[where] else None
            if fault is None:
                return await act(request)
            done = await act(request) if fault.done else None
            fault.arrived.set()
            if fault.hang:
                await fault.go_on.wait()
            return fault.answer or done or await act(request)

        return Route(path, answered, methods=[method])

    def routes(self) -> list[Route]:
        v1 = "/openai/v1" if self.dialect == "azure" else "/v1"
        job, arm = f"{v1}/fine_tuning/jobs/{{id}}", "/arm/subscriptions/s1/resourceGroups/g1"
        deployment = f"{arm}/providers/Microsoft.CognitiveServices/accounts/a1/deployments/{{name}}"
        return [
            self.route("POST", f"{v1}/files", "files", self.add_file),
            self.route("GET", f"{v1}/files", "files", self.list_files),
            self.route("GET", f"{v1}/files/{{id}}", "file", self.get_file),
            self.route("POST", f"{v1}/fine_tuning/jobs", "jobs", self.add_job),
            self.route("GET", f"{v1}/fine_tuning/jobs", "jobs", self.list_jobs),
            self.route("GET", f"{v1}/fine_tuning/model_limits", "limits", self.model_limits),
            self.route("GET", job, "job", self.get_job),
            self.route("POST", f"{job}/cancel", "cancel", self.cancel_job),
            self.route("GET", f"{job}/events", "events", self.list_events),
            self.route("GET", f"{job}/checkpoints", "checkpoints", self.list_checkpoints),
            self.route("GET", f"{v1}/models", "models", self.list_models),
            self.route("GET", f"{v1}/models/{{id:path}}", "model", self.get_model),
            self.route("POST", f"{v1}/chat/completions", "chat", self.chat),
            self.route("POST", "/v0/models", "adapters", self.add_adapter),
            self.route("GET", "/v0/models", "adapters", self.list_adapters),
            self.route("POST", "/login/t1/oauth2/v2.0/token", "token", self.sign_in),
            self.route("PUT", deployment, "deployment", self.deployment),
            self.route("GET", deployment, "deployment", self.deployment),
        ]


def multipart(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the parts of an upload by field: file name ("" for a plain field) and content."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form: Any = BytesParser(policy=HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename() or "",
            part.get_payload(decode=True),
        )
        for part in form.iter_parts()
    }


def listed(rows: list[Row]) -> Response:
    return JSONResponse({"object": "list", "data": rows, "has_more": False})


def openai_table(**more: Any) -> OpenAiTable:
    return OpenAiTable(training_price=5.0, **more)


def azure_table(server: FinetuningServer, **more: Any) -> AzureTable:
    given = {
        "endpoint": server.url,
        "subscription": "s1",
        "resource_group": "g1",
        "account": "a1",
        "login_url": f"{server.url}/login",
        "management_url": f"{server.url}/arm",
    }
    return AzureTable.model_validate(given | more)


def nebius_table(server: FinetuningServer, **more: Any) -> NebiusTable:
    return NebiusTable(base_url=f"{server.url}/v1/", **more)


@asynccontextmanager
async def finetuning_server(dialect: Dialect = "openai") -> AsyncIterator[FinetuningServer]:
    """Serve a fake provider on a free local port."""
    listener = listening()
    fake = FinetuningServer(f"http://127.0.0.1:{listener.getsockname()[1]}", dialect)
    fake.models = {OpenAiTable().base_model, NebiusTable().base_model}
    app = Starlette(routes=fake.routes())
    async with serving(app, listener):
        yield fake
