"""Every call of PrivX's Python SDK for target domains, against the platform and the directory that the environment names.

Each must answer with the status that the SDK takes for success, and do what it says. Prints how many calls there were.
"""

import json
import os
import sys
import time

import privx_api

DIRECTORY = json.loads(os.environ["DIRECTORY"])
with open(os.environ["CA_FILE"], encoding="utf-8") as file:
    CA = file.read()

api = privx_api.PrivXAPI(
    os.environ["HOST"], int(os.environ["PORT"]), CA, os.environ["OAUTH_ID"], os.environ["OAUTH_SECRET"]
)
api.authenticate(os.environ["API_ID"], os.environ["API_SECRET"])
made = set()


def call(name, *args, **kwargs):
    made.add(name)
    response = getattr(api, name)(*args, **kwargs)
    if not response.ok:
        sys.exit(f"{name}: {response.status} {response.data}")
    return response.data


def until(what, ask):
    deadline = time.monotonic() + 60
    while not ask():
        if time.monotonic() > deadline:
            sys.exit(f"not within a minute: {what}")
        time.sleep(0.2)


def expect(what, condition):
    if not condition:
        sys.exit(f"not so: {what}")


policy = call("get_password_policies")["items"][0]
domain_body = {"name": "python sdk", "domain_name": "example.test", "enabled": True, "endpoints": [DIRECTORY]}
domain = call("create_target_domain", domain_body)["id"]
whole = call("get_target_domain", domain)
expect("the password of the endpoint is masked", whole["endpoints"][0]["ldap_bind_password"] == "********")
call("update_target_domain", domain, {**whole, "comment": "by python"})
expect("it is listed", call("get_target_domains", offset=0, limit=10, sort_key="name", sort_dir="ASC")["count"] == 1)
expect("it is found", call("search_target_domain", search_payload={"keywords": "PYTHON"})["count"] == 1)
expect("it is resolved", call("resolve_target_domains", ["python sdk"])["items"][0]["id"] == domain)

call("refresh_target_domain", domain)
until("the scan", lambda: call("get_target_domain", domain)["scan_status"] == "OK")
found = call("get_target_domain_accounts", domain, limit=10)["items"]
expect("all accounts are found", [each["username"] for each in found] == ["app1", "app2", "app3"])
expect("one is", call("search_target_domain_accounts", domain, search_payload={"keywords": "app2"})["count"] == 1)
one = call("get_target_domain_account", domain, found[0]["id"])
call("update_target_domain_account", domain, one["id"], {**one, "comment": "seen"})
call("batch_update_target_domain_account", domain, {"ids": [found[2]["id"]], "changes": {"ignored": True}})
expect("it is ignored", call("get_target_domain_account", domain, found[2]["id"])["ignored"])

settings = {"password_policy": {"id": policy["id"]}, "enabled": True, "rotation_enabled": True}
account = call("create_target_domain_managed_account", domain, {**settings, "username": "app1"})["id"]
others = call(
    "batch_create_target_domain_managed_account", domain, {"ids": [found[1]["id"]], "data": {**settings, "rotate": True}}
)["ids"]
expect("both are listed", call("get_target_domain_managed_accounts", domain)["count"] == 2)
search = call("search_target_domain_managed_accounts", domain, search_payload={"keywords": "app2", "enabled": True})
expect("one is found", search["items"][0]["id"] == others[0])
call("password_target_domain_managed_account", domain, account, {"password": "as-It-Was-1"})
managed = call("get_target_domain_managed_account", domain, account)
expect("the directory's id of it is known", managed["source_id"] == found[0]["source_id"])
call("update_target_domain_managed_account", domain, account, {**managed, "comment": "by python"})
call("rotate_target_domain_managed_account", domain, account)


def rotated(which):
    read = call("get_target_domain_managed_account", domain, which)
    return [each["status"] for each in read["rotation_history"]][:1] == ["SUCCESS"]


until("the rotation", lambda: rotated(account) and rotated(others[0]))
call("batch_rotate_target_domain_managed_account", domain, {"ids": [account]})
until(
    "another rotation",
    lambda: len(call("get_target_domain_managed_account", domain, account)["rotation_history"]) == 2,
)
call("batch_update_target_domain_managed_account", domain, {"ids": [account, *others], "changes": {"comment": "both"}})
expect("both are changed", call("get_target_domain_managed_account", domain, others[0])["comment"] == "both")
secret = api.get_secret(managed["secret_name"])
expect("whoever has no role reads no password", not secret.ok)
call("batch_delete_target_domain_managed_account", domain, {"ids": others})
call("delete_target_domain_managed_account", domain, account)
expect("none is left", call("get_target_domain_managed_accounts", domain)["count"] == 0)
call("delete_target_domain", domain)

missing = [name for name in dir(api) if "target_domain" in name and not name.startswith("_") and name not in made]
expect(f"every call was made, but {missing}", missing == [])
print(f"{len([name for name in made if 'target_domain' in name])} calls of PrivX's Python SDK for target domains answered as it wants")
