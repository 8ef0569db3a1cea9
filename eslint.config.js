/**
 * Lint for the whole tree, tests included: races hide in tests too.
 * R11 (docs: design rules) is upheld here for machines/: time and chance come in through the event, so that a step replayed gives the
 * same result. Layers between folders are .dependency-cruiser.cjs's business; only what a parser sees better is here.
 */
import { builtinModules } from 'node:module'
import { defineConfig } from 'eslint/config'
import { builtinRules } from 'eslint/use-at-your-own-risk'
import tseslint from 'typescript-eslint'

const TIME = 'R11: a machine reads no clock. Use timeOf(event) from runtime/vocabulary.ts; `new Date(ms)` of a given time is fine.'
const CHANCE = 'R11: no chance in a machine. Ids and random values come in by events.'
const TIMER = 'R11: a machine starts no timers. Use `after` or a delayed `raise`; the runtime keeps them as rows.'
const OUTSIDE = 'R11: a machine touches nothing outside itself. Use a durable() placeholder from runtime/vocabulary.ts and implement it in actors/.'

const NATS = {
  // By the whole name: folders of ours may be called nats, too.
  regex: '^(nats|@nats-io/.*)(/.*)?$',
  message: 'Only runtime/bus/ knows NATS, so that moving to another client touches one folder. Use the bus port.',
}

const restrictedGlobals = [
  ['performance', TIME],
  ['Temporal', TIME],
  ['crypto', CHANCE],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'].map((name) => [name, TIMER]),
  ...['process', 'fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'require', 'globalThis', 'global'].map((name) => [name, OUTSIDE]),
].map(([name, message]) => ({ name, message }))

/** What ESLint itself recommends; its own list of them is a package of its own, made from this same mark on each rule. */
const recommended = Object.fromEntries([...builtinRules].filter(([, rule]) => rule.meta.docs.recommended).map(([name]) => [name, 'error']))

export default defineConfig(
  { ignores: ['node_modules/', '.data/', 'coverage/', '**/vendor/'] },
  { rules: recommended },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // An in-memory implementation of an asynchronous port has nothing to await.
      '@typescript-eslint/require-await': 'off',
      // The compiler reports these, and more exactly.
      'no-undef': 'off',
    },
  },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-imports': ['error', { patterns: [NATS] }],
    },
  },
  { files: ['bench/**', 'tools/**', 'test/soak/index.ts', 'cli.ts', 'main.ts'], rules: { 'no-console': 'off' } },
  // Tests look at the broker from outside, through one file.
  { files: ['runtime/bus/**', 'test/support/nats-client.ts', 'bench/suites/bus.ts'], rules: { 'no-restricted-imports': 'off' } },
  // Plain JavaScript is configuration, or runs in the browser, whose globals the parser does not know.
  { files: ['**/*.{js,cjs,mjs}'], rules: { 'no-undef': 'off' } },
  {
    files: ['machines/**'],
    rules: {
      'no-restricted-globals': ['error', ...restrictedGlobals],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: TIME },
        { object: 'Temporal', property: 'Now', message: TIME },
        { object: 'Math', property: 'random', message: CHANCE },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
        { selector: "CallExpression[callee.name='Date']", message: TIME },
        { selector: "CallExpression[callee.property.name=/^format(ToParts)?$/][arguments.length=0]", message: `${TIME} (Intl formats the present without an argument.)` },
        { selector: 'ImportExpression', message: OUTSIDE },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules.map((name) => ({ name, message: OUTSIDE })),
          patterns: [{ group: ['node:*'], message: OUTSIDE }, NATS],
        },
      ],
    },
  },
)
