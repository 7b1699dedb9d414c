// Clients of the Azure SDK for JavaScript that talk to the server whose addresses are in the environment.

import { ClientSecretCredential } from "@azure/identity";

const env = process.env;
export const arm = env.FAKE_ARM_URL;

export function credential(secret = env.FAKE_CLIENT_SECRET) {
  return new ClientSecretCredential(env.FAKE_TENANT, env.FAKE_CLIENT_ID, secret, {
    authorityHost: env.FAKE_AAD_URL,
    disableInstanceDiscovery: true,
  });
}

export function client(Kind) {
  const scopes = [`${arm}/.default`];
  return new Kind(credential(), env.FAKE_SUBSCRIPTION, {
    endpoint: arm,
    credentialScopes: scopes,
    credentials: { scopes },
  });
}
