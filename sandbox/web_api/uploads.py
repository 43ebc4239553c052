"""Files: their records, and the routes that upload and download their content."""

import mimetypes
import time
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.sandbox import Sandbox
from sandbox.web_api.forms import upload_content
from sandbox.wire import Json


def new_file(sandbox: Sandbox, name: str, size: int, user: str) -> Json:
    """Create and return a file object in Slack's form; its content is uploaded later."""
    fid = sandbox.workspace.next_id("F")
    address = f"{sandbox.config.url}/files/{fid}/{quote(name, safe='', errors='replace')}"
    kept: Json = {
        "id": fid,
        "name": name,
        "title": name,
        "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "filetype": name.rpartition(".")[2],
        "size": size,
        "user": user,
        "created": int(time.time()),
        "mode": "hosted",
        "url_private": address,
        "url_private_download": address,
    }
    sandbox.workspace.files[fid] = kept
    return kept


def file_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes for upload (raw body or a form's first file) and download."""

    async def upload(request: Request) -> Response:
        fid = request.path_params["fid"]
        if fid not in sandbox.workspace.files:
            return PlainTextResponse("no such upload", 404)
        content = await upload_content(request)
        sandbox.workspace.contents[fid] = content
        sandbox.workspace.files[fid]["size"] = len(content)
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(request: Request) -> Response:
        fid = request.path_params["fid"]
        content = sandbox.workspace.contents.get(fid)
        if content is None:
            return PlainTextResponse("no such file", 404)
        name = quote(sandbox.workspace.files[fid]["name"], safe="", errors="replace")
        attachment = f"attachment; filename*=UTF-8''{name}"
        return Response(
            content, 200, {"content-disposition": attachment}, "application/octet-stream"
        )

    return [
        Route("/upload/{fid}", upload, methods=["POST", "PUT"]),
        Route("/files/{fid}/{name}", download),
    ]
