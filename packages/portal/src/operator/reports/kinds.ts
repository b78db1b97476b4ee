/** The compliance reports of the API, and what each must be told. */

export interface ReportKind {
  readonly value: string;
  readonly title: string;
  /** What it answers. */
  readonly about: string;
  /** Whom it is about; `anyone` may be left empty. */
  readonly subject: 'person' | 'agent' | 'secret' | 'anyone' | 'nobody';
}

export const KINDS: readonly ReportKind[] = [
  {
    value: 'access',
    title: 'Who accessed a person’s data',
    about: 'Every agent and application that used it, when, and why.',
    subject: 'person',
  },
  {
    value: 'agent',
    title: 'What an agent did',
    about: 'Tokens, credentials and calls in order, with their tasks.',
    subject: 'agent',
  },
  {
    value: 'violations',
    title: 'What was refused',
    about: 'What was tried against policy, and which rule refused it.',
    subject: 'anyone',
  },
  {
    value: 'secret',
    title: 'What a credential was used for',
    about: 'What was called with it, and when it was last used.',
    subject: 'secret',
  },
  {
    value: 'gdpr',
    title: 'GDPR, right of access (Art. 15)',
    about: 'All about one person, by agent, provider and purpose, with holds and erasures.',
    subject: 'person',
  },
  {
    value: 'hipaa',
    title: 'HIPAA, accounting of disclosures',
    about: 'Disclosures (45 CFR 164.528) and the access log (164.312(b)).',
    subject: 'anyone',
  },
  {
    value: 'soc2',
    title: 'SOC 2, evidence',
    about: 'For CC6.1 to CC6.3 and CC7.2 to CC7.3, with a verification of the ledger.',
    subject: 'nobody',
  },
];

/** The parameter that names the subject, and the filter of its entries in an evidence bundle. */
export const PARAMETERS = {
  person: 'user',
  anyone: 'user',
  agent: 'agent',
  secret: 'secret_id',
} as const;
