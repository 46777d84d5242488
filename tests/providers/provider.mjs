// SPDX-License-Identifier: Apache-2.0
// A real identity provider (oidc-provider) for tests: node provider.mjs MODULES CONFIG, both
// paths. CONFIG is JSON: {port, algorithm, keys (JWKs with their private halves), clientId,
// clientSecret, scope, audience, lifetimeSeconds}. Says "up" when it answers, and each request.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, configFile] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const config = JSON.parse(readFileSync(configFile, 'utf8'));

const resourceServer = {
  scope: config.scope,
  audience: config.audience,
  accessTokenFormat: 'jwt',
  accessTokenTTL: config.lifetimeSeconds,
  jwt: { sign: { alg: config.algorithm } },
};

const provider = new Provider(`http://127.0.0.1:${config.port}`, {
  clients: [{
    client_id: config.clientId,
    client_secret: config.clientSecret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: config.algorithm,
    scope: config.scope,
  }],
  scopes: config.scope.split(' '),
  jwks: { keys: config.keys },
  enabledJWA: { idTokenSigningAlgValues: [config.algorithm] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `urn:${config.audience}`,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resourceServer,
    },
  },
});

provider.use(async (context, next) => {
  console.log(`${context.method} ${context.path}`);
  await next();
});

const server = provider.listen(config.port, '127.0.0.1', () => console.log('up'));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
