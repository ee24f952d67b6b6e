/** Where tokens are fetched when the credential does not say. */
export const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** Where a machine in the cloud asks for its own token, on the host that its environment names or the usual one. */
export const MACHINE_TOKEN = {
  variable: 'GCE_METADATA_HOST',
  host: 'metadata.google.internal',
  path: '/computeMetadata/v1/instance/service-accounts/default/token',
  headers: { 'metadata-flavor': 'Google' },
} as const;

/** What a token that is fetched may be used for. */
export const TOKEN_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
