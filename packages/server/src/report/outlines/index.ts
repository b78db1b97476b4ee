import type { Outline, ReportKind } from '../kinds.ts';
import { HIPAA, SOC2, VIOLATIONS } from './everyone.ts';
import { ACCESS, AGENT, GDPR, SECRET } from './subjects.ts';

export const OUTLINES: Readonly<Record<ReportKind, Outline>> = {
  access: ACCESS,
  agent: AGENT,
  violations: VIOLATIONS,
  secret: SECRET,
  gdpr: GDPR,
  hipaa: HIPAA,
  soc2: SOC2,
};
