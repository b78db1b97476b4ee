import type { Outline } from '../kinds.ts';
import { THROUGH_AFFIDAVIT, TWO_ENTRIES } from './common.ts';

/** Reports about everybody, or whoever the filter leaves. */

export const VIOLATIONS: Outline = {
  title: 'Policy violations report',
  question: 'What was tried against policy, by whom, and what refused it?',
  subject: 'anyone',
  groupTitle: 'By agent and policy',
  groupBy: ['agent', 'policy'],
  facts: [],
  sections: [
    {
      title: 'Denied by policy',
      about: 'Every decision DENY, with the policy and the rule that decided.',
      query: { policy_decision: 'DENY' },
    },
    {
      title: 'Blocked otherwise',
      about: 'Calls to addresses that may not be called, erasures under a hold, and the like.',
      query: { outcome: ['blocked', 'policy_denied'] },
      except: { policy_decision: 'DENY' },
    },
    {
      title: 'Grants against policy, alarms and signs of abuse',
      about: 'Lost scopes, reused refresh tokens, witnesses that disagree, alarms of monitors.',
      query: {
        event_type: [
          'grant.policy_violated',
          'grant.scope_drifted',
          'token.reuse_detected',
          'witness.conflict',
          'monitor.raised',
          'ledger.rollback_accepted',
        ],
      },
      except: { policy_decision: 'DENY', outcome: ['blocked', 'policy_denied'] },
    },
  ],
  notes: [
    'An attempt that was refused had no effect: the credential was not released.',
    THROUGH_AFFIDAVIT,
  ],
};

export const HIPAA: Outline = {
  title: 'Access log and accounting of disclosures (HIPAA)',
  question: 'Who examined or received whose information, when, and for what purpose?',
  subject: 'anyone',
  groupTitle: 'Recipients and purposes',
  groupBy: ['provider', 'agent', 'purpose'],
  facts: ['retention', 'verification'],
  sections: [
    {
      title: 'Accounting of disclosures, 45 CFR 164.528',
      about:
        'What was exchanged with others: the date, who received it and where, what it was, and the purpose as it was stated.',
      query: { event_type: ['api.called', 'action.executed'] },
      except: { outcome: ['policy_denied', 'blocked', 'dry_run', 'replayed'] },
      layout: 'disclosures',
    },
    {
      title: 'Access log, 45 CFR 164.312(b)',
      about: 'Every release and every refusal of a credential, and every token.',
      query: { category: 'credential' },
    },
    {
      title: 'Changes to who has access, 45 CFR 164.308(a)(4)',
      about: 'Grants that were made, changed, delegated, expired or taken back.',
      query: { category: 'grant' },
      uncounted: true,
    },
    {
      title: 'Sign-ins, 45 CFR 164.308(a)(5)(ii)(C)',
      about: 'End users who signed in and out, and what they did.',
      query: { category: 'end_user' },
      uncounted: true,
    },
  ],
  notes: [
    'Which of these calls carried protected health information, and which disclosures are exempt ' +
      'from accounting (164.528(a)(1)), only the covered entity can say: filter by provider or principal.',
    'An accounting covers up to six years before the request (164.528(a)(3)), and documentation is ' +
      'kept for six (164.316(b)(2)(i)). See the retention above: what is kept for less cannot be accounted for.',
    TWO_ENTRIES,
    THROUGH_AFFIDAVIT,
  ],
};

export const SOC2: Outline = {
  title: 'SOC 2 evidence (CC6.1–CC6.3, CC7.2–CC7.3)',
  question: 'How was logical access given, used, refused and taken back, and was that watched?',
  subject: 'anyone',
  groupTitle: 'Evidence by kind of event',
  groupBy: ['event'],
  facts: ['verification', 'witnesses', 'retention', 'holds'],
  sections: [
    {
      title: 'CC6.1 Logical access: keys, secrets, identity and policies',
      about: 'What protects access: keys, secrets, the identity provider, policies, signing keys.',
      query: {
        event_type: [
          'api_key.*',
          'secret.*',
          'policy.*',
          'identity_provider.*',
          'signing_key.*',
          'master_key.*',
          'provider.*',
          'verb.*',
          'app.*',
          'caller.*',
        ],
      },
    },
    {
      title: 'CC6.2 Registration and removal of those who have access',
      about: 'Operators and agents that were added and removed, with who did it.',
      query: { event_type: ['agent.*', 'operator.*'] },
    },
    {
      title: 'CC6.3 Access given, changed and taken back, by least privilege',
      about: 'Grants, delegations, and tokens that were cut down to what a run needs.',
      query: {
        event_type: [
          'grant.*',
          'token.minted',
          'token.revoked',
          'token.expired',
          'wallet.grant_revoked',
        ],
      },
    },
    {
      title: 'CC7.2 Monitoring: denials and anomalies',
      about: 'Everything that was refused, and every alarm.',
      query: { outcome: ['policy_denied', 'blocked'] },
    },
    {
      title: 'CC7.2 Monitoring: alarms, and where the trail goes',
      about: 'Monitors, destinations, witnesses, and who read and exported the trail.',
      query: {
        event_type: [
          'monitor.*',
          'destination.*',
          'witness.*',
          'trail.*',
          'token.reuse_detected',
          'ledger.*',
        ],
      },
    },
    {
      title: 'CC7.3 Evaluation: decisions of people, holds, retention and erasures',
      about: 'Approvals with who decided, what was put on hold, what was removed and why.',
      query: { event_type: ['approval.*', 'hold.*', 'retention.*', 'erasure.*'] },
      except: { outcome: ['policy_denied', 'blocked'] },
    },
  ],
  notes: [
    'Each section is a population for sampling: every entry has its id, and GET ' +
      '/v1/events/{event_id}/evidence proves it against the signed checkpoint.',
    THROUGH_AFFIDAVIT,
  ],
};
