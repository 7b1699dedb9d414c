"""Clients of the Azure SDK for Python that talk to the server whose addresses are in the environment."""

import os

from azure.identity import ClientSecretCredential

ARM = os.environ["FAKE_ARM_URL"]
SUBSCRIPTION = os.environ["FAKE_SUBSCRIPTION"]


def credential(secret=None):
    return ClientSecretCredential(
        os.environ["FAKE_TENANT"],
        os.environ["FAKE_CLIENT_ID"],
        secret or os.environ["FAKE_CLIENT_SECRET"],
        authority=os.environ["FAKE_AAD_URL"],
        disable_instance_discovery=True,
    )


def client(kind, secret=None):
    return kind(credential(secret), SUBSCRIPTION, base_url=ARM, credential_scopes=[ARM + "/.default"])
