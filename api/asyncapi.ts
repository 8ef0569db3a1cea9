/** The AsyncAPI 3 document: what goes over NATS (contract.md §4), made from the same schemas that check it, and the live channels. */
import { z } from 'zod'
import type { App } from './app-type.ts'
import { liveChannels } from './channels/asyncapi.ts'
import { payloadSchema } from './machines/describe.ts'
import { CALL_BODIES } from './nats/calls.ts'
import type { ActorDefinition, Runtime } from '../runtime/index.ts'

type JsonSchema = Record<string, unknown>

const TOKEN = 'One token: characters that a subject cannot hold stand as percent and two hex digits (`.` is `%2E`).'
const PARAMETERS = {
  tenant: { description: 'The tenant; `main` in a system of one.' },
  type: { description: 'The actor type.' },
  id: { description: `The actor's id. ${TOKEN}` },
}
const PROBLEM: JsonSchema = {
  type: 'object',
  description: 'RFC 9457 problem, as over REST. The headers Nats-Service-Error-Code and Nats-Service-Error hold its status and title.',
  required: ['type', 'title', 'status', 'code'],
  properties: { type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, code: { type: 'string' }, detail: { type: 'string' }, traceId: { type: 'string' } },
}
const CLOUD_EVENT_HEADERS: JsonSchema = {
  type: 'object',
  required: ['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'Nats-Msg-Id'],
  properties: {
    'ce-specversion': { const: '1.0' },
    'ce-id': { type: 'string', description: '`<tenant>/<type>/<id>/<seq>/<index>`, percent-encoded as the NATS binding says; the same at every repetition' },
    'ce-source': { type: 'string' },
    'ce-type': { type: 'string', description: 'such as `payment.completed`' },
    'ce-subject': { type: 'string' },
    'ce-time': { type: 'string', format: 'date-time' },
    'ce-correlationid': { type: 'string' },
    'ce-causationid': { type: 'string' },
    traceparent: { type: 'string' },
    'Nats-Msg-Id': { type: 'string', description: 'equals ce-id' },
  },
}

export function asyncApiRoute(app: App, runtime: Runtime): void {
  let text: string | undefined
  app.get('/asyncapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(asyncApi(runtime.definitions()))
    void reply.type('application/json').serializer(String).send(text)
  })
}

/** JSON schema with what it shares put where references of the whole document find it. */
function sharing(schema: object, shared: Record<string, unknown>): JsonSchema {
  const { $defs, ...rest } = JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema
  Object.assign(shared, $defs)
  return rest
}

/** Subjects with the standard prefix; a deployment with another one (`NATS_PREFIX`) puts that in its place. */
export function asyncApi(definitions: readonly ActorDefinition[]): object {
  const calls = Object.entries(CALL_BODIES)
  const schemas: Record<string, unknown> = {}
  const live = liveChannels()
  const requests = calls.map(([name, schema]): [string, object] => [`${name}-request`, { title: `The request of ${name}`, payload: sharing(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), schemas) }])
  // Children of machines have no subjects of their own that anybody outside should use.
  const commands = definitions.filter(({ type }) => !type.includes('~')).flatMap((definition) => commandsOf(definition, schemas))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Standing',
      version: '1',
      description: 'Who may publish and read what is decided by the subject permissions of the NATS account. An event id is applied at most once per actor, for ever.',
    },
    defaultContentType: 'application/json',
    servers: { broker: { host: 'localhost:4222', protocol: 'nats', description: 'nats-server with JetStream, when there is one.' }, live: live.server },
    channels: {
      ...onBroker({
        commands: {
          address: 'standing.cmd.{tenant}.{type}.{id}',
          title: 'Commands to actors',
          description: 'Publish to the stream STANDING_COMMANDS. `Nats-Msg-Id` (or `ce-id`) is the event id. What the state does not accept is journaled as ignored; what can never be taken goes to STANDING_DEAD.',
          parameters: PARAMETERS,
          messages: Object.fromEntries(commands.map(({ key }) => [key, { $ref: `#/components/messages/${key}` }])),
          'x-jetstream': { stream: 'STANDING_COMMANDS', retention: 'workqueue' },
        },
        facts: {
          address: 'standing.evt.{tenant}.{type}.{id}.{fact}',
          title: 'What has happened',
          description: 'CloudEvents 1.0 in binary mode; in order per actor, at least once.',
          parameters: { ...PARAMETERS, fact: { description: 'The fact with dots as dashes, such as `payment-completed`.' } },
          messages: { fact: { $ref: '#/components/messages/fact' } },
          'x-jetstream': { stream: 'STANDING_FACTS', retention: 'limits' },
        },
        dead: {
          address: 'standing.dead.{stream}',
          title: 'What could not be taken',
          parameters: { stream: { description: 'The stream that it came to.' } },
          messages: { dead: { $ref: '#/components/messages/dead' } },
          'x-jetstream': { stream: 'STANDING_DEAD', retention: 'limits' },
        },
        ...Object.fromEntries<object>(
          calls.flatMap(([name]): [string, object][] => [
            [`api-${name}`, { address: `standing.api.${name}`, messages: { request: { $ref: `#/components/messages/${name}-request` } } }],
            [`api-${name}-reply`, { address: null, messages: { reply: { $ref: '#/components/messages/reply' }, problem: { $ref: '#/components/messages/problem' } } }],
          ]),
        ),
      }),
      ...live.channels,
    },
    operations: {
      takeCommand: { action: 'receive', channel: { $ref: '#/channels/commands' } },
      publishFact: { action: 'send', channel: { $ref: '#/channels/facts' } },
      buryMessage: { action: 'send', channel: { $ref: '#/channels/dead' } },
      ...Object.fromEntries(
        calls.map(([name]) => [name, { action: 'receive', channel: { $ref: `#/channels/api-${name}` }, reply: { address: { location: '$message.header#/reply' }, channel: { $ref: `#/channels/api-${name}-reply` } }, bindings: { nats: { queue: 'q' } } }]),
      ),
      ...live.operations,
    },
    components: {
      messages: {
        ...live.messages,
        ...Object.fromEntries(commands.map(({ key, message }) => [key, message])),
        fact: { title: 'A fact', headers: CLOUD_EVENT_HEADERS, payload: { type: 'object', description: "The emitted event's fields." } },
        dead: { title: 'A message that could not be taken', headers: { type: 'object', properties: { 'standing-error': { type: 'string', description: 'why' } } }, payload: {} },
        reply: { title: 'As the body of the same call over REST', payload: { type: 'object' } },
        problem: { title: 'A problem', payload: PROBLEM },
        ...Object.fromEntries(requests),
      },
      schemas,
    },
  }
}

function onBroker(channels: Record<string, object>): Record<string, object> {
  return Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, { ...channel, servers: [{ $ref: '#/servers/broker' }] }]))
}

function commandsOf(definition: ActorDefinition, schemas: Record<string, unknown>): { key: string; message: object }[] {
  return Object.keys(definition.events ?? {}).map((event) => {
    const payload = sharing((payloadSchema(definition, event) as object | null) ?? { type: 'object' }, schemas) as { properties?: JsonSchema; required?: string[] }
    const { type } = definition
    return {
      key: `${type}-${event.replaceAll('.', '-')}`,
      message: {
        name: event,
        title: `${event} to a ${type}`,
        payload: { ...payload, properties: { type: { const: event }, ...payload.properties }, required: ['type', ...(payload.required ?? [])] },
      },
    }
  })
}
