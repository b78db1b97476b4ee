import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESTINATION_CONFIGS } from '@affidavit/schema';

import { CONFIG_FIELDS } from './config-fields.ts';
import { changesOf, configOf, valuesOf } from './config-values.ts';
import { TYPES } from './destination.ts';

test('the form of each type asks for every member that its config has', () => {
  for (const type of TYPES) {
    const { shape } = DESTINATION_CONFIGS[type];
    const asked = CONFIG_FIELDS[type].map(({ name }) => name);
    assert.deepEqual(asked.toSorted(), Object.keys(shape).toSorted(), type);
  }
});

test('a filled form is a config', () => {
  const values = { host: ' logs.example ', port: '6514', tls: 'false', ca: '', mapping: 'ecs' };
  assert.deepEqual(configOf(CONFIG_FIELDS.syslog, values), {
    host: 'logs.example',
    port: 6514,
    tls: false,
    mapping: 'ecs',
  });
  const otlp = { url: 'https://x.example', headers: 'Authorization: Bearer a:b\n\nX-Scope: 1' };
  assert.deepEqual(configOf(CONFIG_FIELDS.otlp, otlp), {
    url: 'https://x.example',
    headers: { Authorization: 'Bearer a:b', 'X-Scope': '1' },
  });
});

test('only what was changed is sent, and no empty secret', () => {
  const fields = CONFIG_FIELDS.datadog;
  const config = { site: 'datadoghq.eu', tags: ['a:1', 'b:2'], service: 'x' };
  const values = valuesOf(fields, config);
  assert.deepEqual(changesOf(fields, config, values), {});
  const edited = { ...values, service: '', api_key: 'new-key', tags: 'a:1' };
  assert.deepEqual(changesOf(fields, config, edited), {
    api_key: 'new-key',
    service: null,
    tags: ['a:1'],
  });
});
