"""A pytest plugin: tenants of the product's cloud are at LOCAL_TENANT_ADDRESS (host:port) while tests run."""

import os
import socket

_resolve = socket.getaddrinfo


def _resolve_tenant(host, port, *args, **kwargs):
    if str(host).endswith(".secretservercloud.com"):
        host, port = os.environ["LOCAL_TENANT_ADDRESS"].rsplit(":", 1)
    return _resolve(host, port, *args, **kwargs)


socket.getaddrinfo = _resolve_tenant
