/**
 * Facts of the Elastic Common Schema 9.4.0 for the fields that are mapped: type of the field, and
 * whether it is an array; values that `event.*` allows, with the types that go with a category.
 * From elastic/ecs 9.4 (`generated/ecs/ecs_flat.yml`), as published in @elastic/ecs 9.4.0.
 */
export const ECS_TYPES: Readonly<Record<string, string>> = {
  '@timestamp': 'date',
  message: 'text',
  labels: 'object',
  'ecs.version': 'keyword',
  'event.start': 'date',
  'event.id': 'keyword',
  'event.sequence': 'long',
  'event.action': 'keyword',
  'event.outcome': 'keyword',
  'event.reason': 'keyword',
  'event.duration': 'long',
  'event.hash': 'keyword',
  'event.kind': 'keyword',
  'event.category': 'keyword[]',
  'event.type': 'keyword[]',
  'event.module': 'keyword',
  'event.dataset': 'keyword',
  'agent.id': 'keyword',
  'agent.name': 'keyword',
  'gen_ai.agent.id': 'keyword',
  'gen_ai.agent.name': 'keyword',
  'gen_ai.tool.name': 'keyword',
  'user.id': 'keyword',
  'user.email': 'keyword',
  'organization.id': 'keyword',
  'service.name': 'keyword',
  'service.id': 'keyword',
  'rule.id': 'keyword',
  'http.request.method': 'keyword',
  'http.request.body.content': 'keyword',
  'http.response.status_code': 'long',
  'http.response.body.content': 'keyword',
  'url.full': 'keyword',
  'url.scheme': 'keyword',
  'url.domain': 'keyword',
  'url.path': 'keyword',
  'source.ip': 'ip',
  'source.address': 'keyword',
  'user_agent.original': 'keyword',
  'error.code': 'keyword',
  'trace.id': 'keyword',
  'span.id': 'keyword',
};

export const ECS_VALUES: Readonly<Record<string, readonly string[]>> = {
  'event.outcome': ['failure', 'success', 'unknown'],
  'event.kind': [
    'alert',
    'asset',
    'enrichment',
    'event',
    'metric',
    'state',
    'pipeline_error',
    'signal',
  ],
};

/** `expected_event_types` of the categories that are used. */
export const ECS_CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  api: 'access admin allowed change creation deletion denied end info start user'.split(' '),
  authentication: 'start end info'.split(' '),
  configuration: 'access change creation deletion info'.split(' '),
  iam: 'admin change creation deletion group info user'.split(' '),
  intrusion_detection: 'allowed denied info'.split(' '),
};

/** Top-level objects of our own: ECS leaves names it does not use to others. */
export const OWN_OBJECTS: ReadonlySet<string> = new Set(['affidavit', 'actor', 'resource']);
