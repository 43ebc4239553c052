"""Web API: files.getUploadURLExternal and completeUploadExternal."""

from sandbox.web_api.call import Call, Method
from sandbox.web_api.uploads import new_file
from sandbox.wire import Json, SlackError
from sandbox.workspace import acts, seed


def get_upload_url(call: Call) -> Json:
    """Return the URL for a POST of a file's content."""
    name, length = call.need("filename"), call.number("length", 0)
    kept = new_file(call.sandbox, name, length, seed.BOT_USER)
    return {"upload_url": f"{call.sandbox.config.url}/upload/{kept['id']}", "file_id": kept["id"]}


def complete_upload(call: Call) -> Json:
    """Complete uploaded files once, and share them in the channel, if given."""
    files = [_uploaded(call, entry) for entry in call.data("files") or []]
    call.workspace.completed.update(kept["id"] for kept in files)
    target = call.text("channel_id") or call.text("channels")
    if target:
        place = call.workspace.channel(target)
        if seed.BOT_USER not in place["members"]:
            raise SlackError("not_in_channel")
        message: Json = {"subtype": "file_share", "files": files, "upload": False}
        message |= {"user": seed.BOT_USER, "bot_id": seed.BOT_ID}
        message |= {"text": call.text("initial_comment"), "thread_ts": call.text("thread_ts")}
        acts.post(call.workspace, place["id"], message)
    return {"files": files}


def _uploaded(call: Call, entry: Json) -> Json:
    kept = call.workspace.files.get(entry.get("id", ""))
    whole = kept is not None and kept["id"] in call.workspace.contents
    if kept is None or not whole or kept["id"] in call.workspace.completed:
        raise SlackError("file_not_found")
    kept["title"] = entry.get("title") or kept["name"]
    return kept


METHODS: dict[str, Method] = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
}
