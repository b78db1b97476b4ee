import type { Outline } from '../kinds.ts';
import { THROUGH_AFFIDAVIT, TWO_ENTRIES, USE } from './common.ts';

/** Reports about one person, one agent, one credential. */

export const ACCESS: Outline = {
  title: 'Access report',
  question: 'Who accessed the data of {subject}?',
  subject: 'principal',
  groupTitle: 'Who, with which provider',
  groupBy: ['agent', 'provider'],
  facts: [],
  sections: [
    {
      title: 'Every access, in order',
      about: 'Credentials released and refused, tokens minted, calls and actions, oldest first.',
      query: USE,
    },
    {
      title: 'How access came about and ended',
      about: 'Grants that were made, changed, delegated, expired or taken back.',
      query: { category: 'grant' },
      uncounted: true,
    },
    {
      title: 'What they did themselves',
      about: 'Sign-ins and what was done in the wallet.',
      query: { category: 'end_user' },
      by: 'person',
      uncounted: true,
    },
  ],
  notes: [TWO_ENTRIES, THROUGH_AFFIDAVIT],
};

export const AGENT: Outline = {
  title: 'Agent activity report',
  question: 'What did the agent {subject} do?',
  subject: 'agent',
  groupTitle: 'For whom, with which provider',
  groupBy: ['principal', 'provider'],
  facts: [],
  sections: [
    {
      title: 'Timeline',
      about:
        'Every credential minted and used and every call made, in order, with the task it was for.',
      query: USE,
    },
    {
      title: 'Changes to the agent itself',
      about: 'Its creation, its keys, the grants that were given to it and taken from it.',
      query: { category: ['admin', 'grant', 'end_user', 'system'] },
      uncounted: true,
    },
  ],
  notes: [TWO_ENTRIES, THROUGH_AFFIDAVIT],
};

export const SECRET: Outline = {
  title: 'Credential use report',
  question: 'What was called with {subject}, and when was it last used?',
  subject: 'secret',
  groupTitle: 'By agent and host',
  groupBy: ['agent', 'host'],
  facts: [],
  sections: [
    {
      title: 'Every use, in order',
      about: 'Each release of the credential, each refusal, and each call made with it.',
      query: USE,
    },
    {
      title: 'Life of the secret',
      about: 'When it was stored, rotated and revoked. Its value is in no entry.',
      query: { event_type: ['secret.*'] },
      by: 'secret',
      uncounted: true,
    },
    {
      title: 'Life of its grants',
      about: 'Who was allowed to use it, on whose behalf, and until when.',
      query: { category: 'grant' },
      uncounted: true,
    },
  ],
  notes: [TWO_ENTRIES, THROUGH_AFFIDAVIT],
};

export const GDPR: Outline = {
  title: 'Right of access (GDPR, Article 15)',
  question: 'What does this record hold about {subject}, and what was their data used for?',
  subject: 'principal',
  groupTitle: 'Who used the data, from where, and for what purpose',
  groupBy: ['agent', 'provider', 'purpose'],
  facts: ['retention', 'holds', 'erasures'],
  sections: [
    {
      title: 'What was done with your data',
      about:
        'Each time an agent or an application acted for you, why it said it did, and what came of it.',
      query: USE,
    },
    {
      title: 'The access you gave and took back',
      about: 'Connections to providers: when each was made, changed and ended.',
      query: { category: 'grant' },
      uncounted: true,
    },
    {
      title: 'What you did yourself',
      about: 'Sign-ins, and what you did in the wallet.',
      query: { category: 'end_user' },
      by: 'person',
      uncounted: true,
    },
    {
      title: 'Other entries about you',
      about: 'Administration and system entries that name you.',
      query: { category: ['admin', 'system'] },
      uncounted: true,
    },
  ],
  notes: [
    'Each sentence stands for a whole record: with format=json the report holds every field of it, ' +
      'bodies of requests and answers included; the evidence bundle holds it with its proof.',
    'You may ask for correction, erasure or restriction, object to the use, and complain to a ' +
      'supervisory authority (Articles 15 to 21 and 77).',
    'Sources: the providers that are named, the applications that reported (“reported”), and ' +
      'Affidavit itself (“observed”). No decision about you was made by this record alone.',
    THROUGH_AFFIDAVIT,
  ],
};
