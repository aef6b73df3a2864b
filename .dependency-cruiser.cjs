/**
 * The dependency rule (docs/architecture.md): libraries import lower levels only, services import libraries
 * and never each other, only apps import services; inside a service the layers point one way.
 */
const LEVELS = [
  ['errors', 'contracts'],
  ['log', 'config', 'schema', 'crypto', 'metrics', 'tracing'],
  ['http', 'db', 'bus', 'cache', 'embedded-postgres'],
  ['outbox', 'keys', 'installation'],
  ['audit', 'auth-client'],
  ['service'],
  ['testing'],
];

const inLib = names => `^libs/(${names.join('|')})/`;

const levelRules = LEVELS.map((names, level) => ({
  name: `libs-level-${level}`,
  comment: 'A library imports only libraries of lower levels.',
  severity: 'error',
  from: { path: `^libs/(${names.join('|')})/(src|test)/`, pathNot: '\\.test\\.ts$|/test/' },
  to: { path: inLib(LEVELS.slice(level).flat()), pathNot: ['^libs/$1/'] },
}));

/** Third-party libraries and the only places that may import them. */
const HOMES = {
  winston: 'libs/log',
  ajv: 'libs/schema',
  typebox: 'libs/schema',
  express: '(libs/http|bench)',
  pg: '(libs/(db|embedded-postgres|testing)|services/secrets-manager/src/targets|bench)',
  undici: '(libs/(http|testing)|services/(api-gateway|monitor)|bench|test)',
  jose: '(libs/(auth-client|testing)|services/(auth|monitor))',
  ioredis: 'libs/cache',
  '@node-rs/argon2': 'libs/crypto',
  piscina: 'libs/crypto',
  '@peculiar/x509': 'libs/installation',
  'prom-client': 'libs/metrics',
  '@opentelemetry': 'libs/tracing',
  amqplib: 'libs/bus',
  ssh2: 'services/(secrets-manager/src/targets|vault/src/operations)',
  mariadb: '(services/secrets-manager/src/targets|bench)',
};

const homeRules = Object.entries(HOMES).map(([name, home]) => ({
  name: `home-of-${name}`,
  comment: `${name} is imported in ${home} only.`,
  severity: 'error',
  from: { pathNot: [`^${home}/`, '\\.test\\.ts$', '/test/', '^test/'] },
  to: { path: `^node_modules/${name}/` },
}));

const layer = (name, from, to) => ({
  name: `layer-${name}`,
  comment: 'main → service → app/routes → operations → store; events → operations; domain imports no layer.',
  severity: 'error',
  from: { path: `^services/[^/]+/src/${from}/` },
  to: { path: `^services/[^/]+/src/${to}` },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-undeclared',
      comment: 'Each package declares what it imports.',
      severity: 'error',
      from: { path: '^(libs|services|apps|bench)/[^/]+/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'], pathNot: '^(libs|services|apps)/' },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'services-do-not-import-services',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'only-apps-import-services',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(services|apps)/' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { pathNot: ['^(libs/testing|bench)/', '\\.test\\.ts$', '/test/', '^test/'] },
      to: { path: '^libs/testing/' },
    },
    layer('domain', 'domain', '(routes|operations|store|clients|events|service|app|context|config)'),
    layer('store', 'store', '(routes|operations|clients|events|service|app)'),
    layer('operations', 'operations', '(routes|dialects|events|service|app)\\b'),
    layer('routes', 'routes', '(events|service|app)\\b'),
    layer('dialects', 'dialects', '(store|routes|events|service|app)\\b'),
    layer('events', 'events', '(routes|service|app)\\b'),
    ...levelRules,
    ...homeRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((libs|services|apps)/[^/]+|bench)/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
