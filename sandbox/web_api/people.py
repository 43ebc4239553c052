"""Web API: users.info, users.list, usergroups.list, usergroups.users.list."""

from sandbox.web_api.call import Call, Method
from sandbox.wire import Json, SlackError


def user_info(call: Call) -> Json:
    """One user."""
    return {"user": _shown(call.workspace.user(call.need("user")))}


def user_list(call: Call) -> Json:
    """Every user of the workspace, the bot included, and no stranger."""
    own = [one for one in call.workspace.users.values() if not one.get("is_stranger")]
    page, metadata = call.page([_shown(user) for user in own])
    return {"members": page, "response_metadata": metadata}


def group_list(call: Call) -> Json:
    """Every user group, with its members where asked for."""
    hidden = () if call.flag("include_users") else ("users",)
    groups = call.workspace.usergroups
    return {"usergroups": [{k: v for k, v in g.items() if k not in hidden} for g in groups]}


def group_users(call: Call) -> Json:
    """Who is in a user group, by user id."""
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
