import type { AccessKeyVariables, OtherBaseUrl, Setting } from './provider.ts';
import { EMBEDDINGS } from './row.ts';
import type { Rows } from './row.ts';

const AWS_KEY: AccessKeyVariables = {
  id: 'AWS_ACCESS_KEY_ID',
  secret: 'AWS_SECRET_ACCESS_KEY',
  session: 'AWS_SESSION_TOKEN',
};

const REGION: Setting = { name: 'region', variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'] };

// These names have no region in their host, and two have a host of another form.
const VERTEX_HOSTS: readonly OtherBaseUrl[] = [
  { setting: 'location', values: ['global'], baseUrl: 'https://aiplatform.googleapis.com/v1' },
  { setting: 'location', values: ['us', 'eu'], baseUrl: 'https://aiplatform.{location}.rep.googleapis.com/v1' },
];

const VERTEX_SETTINGS: readonly Setting[] = [
  { name: 'project', variables: ['GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'ANTHROPIC_VERTEX_PROJECT_ID'] },
  {
    name: 'location',
    variables: ['GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION', 'CLOUD_ML_REGION'],
    fallback: 'global',
  },
];

/** Clouds in which models of others run. */
export const CLOUDS: Rows = {
  azure: {
    title: 'Azure OpenAI',
    baseUrl: 'https://{resource}.openai.azure.com/openai/v1',
    source: 'https://github.com/openai/openai-node/blob/master/docs/azure.md',
    keys: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
    settings: [
      { name: 'resource', variables: ['AZURE_RESOURCE_NAME'] },
      { name: 'apiVersion', variables: ['AZURE_API_VERSION'], optional: true },
    ],
    tasks: {
      ...EMBEDDINGS,
      speech: 'openai-speech',
      transcription: 'openai-transcriptions',
      image: 'openai-images',
      'image-edit': 'openai-images',
    },
    auth: 'api-key',
    hosting: 'azure',
    quirks: [
      {
        flags: { maxCompletionTokens: true, developerRole: true, namedChoiceStops: true },
        source: 'https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/reasoning',
      },
    ],
  },
  vertex: {
    title: 'Google Vertex AI, Gemini',
    baseUrl: 'https://{location}-aiplatform.googleapis.com/v1',
    source: 'https://docs.cloud.google.com/vertex-ai/docs/generative-ai/learn/locations-genai',
    otherBaseUrls: VERTEX_HOSTS,
    protocol: 'gemini',
    keys: ['GOOGLE_VERTEX_ACCESS_TOKEN'],
    credentials: ['GOOGLE_APPLICATION_CREDENTIALS'],
    settings: VERTEX_SETTINGS,
    tasks: { embedding: 'gemini' },
    auth: 'service-account',
    hosting: 'vertex',
  },
  'vertex-anthropic': {
    title: 'Google Vertex AI, Claude',
    baseUrl: 'https://{location}-aiplatform.googleapis.com/v1',
    source: 'https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai',
    otherBaseUrls: VERTEX_HOSTS,
    protocol: 'anthropic-messages',
    keys: ['GOOGLE_VERTEX_ACCESS_TOKEN'],
    credentials: ['GOOGLE_APPLICATION_CREDENTIALS'],
    settings: VERTEX_SETTINGS,
    auth: 'service-account',
    hosting: 'vertex',
  },
  bedrock: {
    title: 'Amazon Bedrock',
    baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
    protocol: 'bedrock-converse',
    keys: ['AWS_BEARER_TOKEN_BEDROCK'],
    accessKey: AWS_KEY,
    settings: [REGION],
    auth: 'sigv4',
    hosting: 'bedrock',
  },
  'bedrock-anthropic': {
    title: 'Amazon Bedrock, Claude in its own format',
    baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html',
    protocol: 'anthropic-messages',
    keys: ['AWS_BEARER_TOKEN_BEDROCK'],
    accessKey: AWS_KEY,
    settings: [REGION],
    auth: 'sigv4',
    hosting: 'bedrock',
  },
  cloudflare: {
    title: 'Cloudflare Workers AI',
    baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1',
    source: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility',
    keys: ['CLOUDFLARE_API_KEY', 'CLOUDFLARE_API_TOKEN'],
    settings: [{ name: 'account', variables: ['CLOUDFLARE_ACCOUNT_ID'] }],
    tasks: EMBEDDINGS,
  },
  'cloudflare-gateway': {
    title: 'Cloudflare AI Gateway',
    baseUrl: 'https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/compat',
    source: 'https://developers.cloudflare.com/ai-gateway/chat-completion/',
    keys: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'],
    settings: [
      { name: 'account', variables: ['CLOUDFLARE_ACCOUNT_ID'] },
      { name: 'gateway', variables: ['CLOUDFLARE_GATEWAY_ID'] },
    ],
  },
  databricks: {
    title: 'Databricks',
    baseUrl: 'https://{host}/serving-endpoints',
    source: 'https://docs.databricks.com/aws/machine-learning/model-serving/query-embedding-models',
    keys: ['DATABRICKS_TOKEN', 'DATABRICKS_API_KEY'],
    settings: [{ name: 'host', variables: ['DATABRICKS_HOST'] }],
    tasks: EMBEDDINGS,
  },
  snowflake: {
    title: 'Snowflake Cortex',
    baseUrl: 'https://{account}.snowflakecomputing.com/api/v2/cortex/v1',
    source: 'https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api',
    keys: ['SNOWFLAKE_CORTEX_PAT'],
    settings: [{ name: 'account', variables: ['SNOWFLAKE_ACCOUNT'] }],
  },
  github: {
    title: 'GitHub Models',
    baseUrl: 'https://models.github.ai/inference',
    source: 'https://docs.github.com/en/github-models/quickstart',
    // GITHUB_TOKEN lies in too many environments, for other things, to switch a provider on.
    keys: ['GITHUB_MODELS_TOKEN', 'GITHUB_API_KEY'],
    tasks: EMBEDDINGS,
  },
  digitalocean: {
    title: 'DigitalOcean',
    baseUrl: 'https://inference.do-ai.run/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/digitalocean/provider.toml',
    keys: ['DIGITALOCEAN_ACCESS_TOKEN'],
  },
  ovhcloud: {
    title: 'OVHcloud AI Endpoints',
    baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/ovhcloud/provider.toml',
  },
  scaleway: {
    title: 'Scaleway',
    baseUrl: 'https://api.scaleway.ai/v1',
    source: 'https://github.com/anomalyco/models.dev/blob/dev/providers/scaleway/provider.toml',
    keys: ['SCALEWAY_API_KEY', 'SCW_SECRET_KEY'],
  },
  vultr: {
    title: 'Vultr',
    baseUrl: 'https://api.vultrinference.com/v1',
    source: 'https://api.vultrinference.com/',
  },
};
