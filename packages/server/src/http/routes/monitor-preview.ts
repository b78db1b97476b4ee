import {
  AffidavitError,
  isLevel,
  MONITOR_TEMPLATES,
  type MonitorBody,
  type MonitorDraftBody,
  type MonitorRule,
} from '@affidavit/schema';
import type { z } from 'zod';

import { checkRule, kindOf, MONITOR_DEFAULTS } from '../../watch/check-rule.ts';
import { previewMonitor } from '../../watch/preview.ts';
import { openRule } from '../../watch/rule.ts';
import type { Context } from '../route.ts';
import { recordRead } from '../trail-reads.ts';

/** Monitors that are tried on the past, before or after they are there. */

const PREVIEW_MS = 20_000;

/** A body with all that it leaves to its template and to the defaults. */
export function ruleOf(body: z.infer<typeof MonitorBody>): MonitorRule {
  const { template, app_id: _, ...given } = body;
  const preset = template === undefined ? {} : MONITOR_TEMPLATES[template];
  const whole = { ...preset, ...given };
  return checkRule({ ...MONITOR_DEFAULTS, kind: kindOf(whole), ...whole });
}

export async function previewDraft(context: Context<z.infer<typeof MonitorDraftBody>>) {
  const { days: _, ...body } = context.body;
  const rule = ruleOf(body);
  return previewRule(context, JSON.stringify(rule), { monitor: rule });
}

/** What a rule would have said of the past; `about` is how the entry of the question names it. */
export async function previewRule(
  context: Context<{ readonly days: number }>,
  text: string,
  about: object,
) {
  const { services, app, body } = context;
  const { days } = body;
  const open = openRule(text);
  if (isLevel(open.rule.kind)) {
    throw new AffidavitError('invalid_request', 'what it watches is not kept for the past', {
      field: 'kind',
      expected: 'a monitor of another kind',
    });
  }
  await recordRead(context, 'monitor_preview', { ...about, days });
  return previewMonitor(services, { ...open, app: app.app, days, budget_ms: PREVIEW_MS });
}
