"""Web API: users.info, users.list, usergroups.list, usergroups.users.list."""

from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError


def user_info(call: Call) -> Json:
    """Return a user."""
    return {"user": _shown(call.workspace.user(call.need("user")))}


def user_list(call: Call) -> Json:
    """Return all users of the workspace, including the bot, without strangers."""
    own = [user for user in call.workspace.users.values() if not user.get("is_stranger")]
    page, metadata = call.page([_shown(user) for user in own])
    return {"members": page, "response_metadata": metadata}


def group_list(call: Call) -> Json:
    """Return all user groups, with their members if `include_users` is set."""
    hidden = () if call.flag("include_users") else ("users",)
    groups = call.workspace.usergroups
    return {"usergroups": [{k: v for k, v in g.items() if k not in hidden} for g in groups]}


def group_users(call: Call) -> Json:
    """Return the user ids of a user group."""
    wanted = call.need("usergroup")
    for group in call.workspace.usergroups:
        if group["id"] == wanted:
            return {"users": group["users"]}
    raise SlackError("no_such_subteam")


def _shown(user: Json) -> Json:
    return {k: v for k, v in user.items() if k != "role"}


METHODS: dict[str, Method] = {
    "users.info": user_info,
    "users.list": user_list,
    "usergroups.list": group_list,
    "usergroups.users.list": group_users,
}
