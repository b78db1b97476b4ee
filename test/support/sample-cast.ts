/** For tests and pictures: the agents of the sample trail, and what each of them does. */

export interface SampleAct {
  readonly provider: string;
  /** Of an action; absent for a plain call. */
  readonly verb?: string;
  readonly risk_level?: 'LOW' | 'MEDIUM' | 'HIGH';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** `#` stands for a number. */
  readonly url: string;
  readonly scope: string;
  /** `#` stands for the same number. */
  readonly reason: string;
  readonly median_ms: number;
}

export interface SampleAgent {
  readonly name: string;
  readonly tasks: readonly string[];
  readonly acts: readonly SampleAct[];
}

const readPull: SampleAct = {
  provider: 'github',
  method: 'GET',
  url: 'https://api.github.com/repos/acme/shop/pulls/#',
  scope: 'repo:read',
  reason: 'Read pull request # to summarise what it changes',
  median_ms: 140,
};
const comment: SampleAct = {
  provider: 'github',
  verb: 'github:comment',
  risk_level: 'LOW',
  method: 'POST',
  url: 'https://api.github.com/repos/acme/shop/issues/#/comments',
  scope: 'repo:write',
  reason: 'Post the summary of the review on pull request #',
  median_ms: 210,
};
const mergePull: SampleAct = {
  provider: 'github',
  verb: 'github:merge',
  risk_level: 'HIGH',
  method: 'POST',
  url: 'https://api.github.com/repos/acme/shop/pulls/#/merge',
  scope: 'repo:write',
  reason: 'Merge pull request # after both reviewers agreed',
  median_ms: 480,
};
const readInvoice: SampleAct = {
  provider: 'stripe',
  method: 'GET',
  url: 'https://api.stripe.com/v1/invoices/in_#',
  scope: 'invoices:read',
  reason: 'Look up invoice # to see whether it was paid',
  median_ms: 180,
};
const refund: SampleAct = {
  provider: 'stripe',
  verb: 'stripe:refund',
  risk_level: 'HIGH',
  method: 'POST',
  url: 'https://api.stripe.com/v1/refunds?invoice=in_#',
  scope: 'refunds:write',
  reason: 'Refund invoice # because the parcel never arrived',
  median_ms: 620,
};
const readContact: SampleAct = {
  provider: 'hubspot',
  method: 'GET',
  url: 'https://api.hubapi.com/crm/v3/objects/contacts/#',
  scope: 'contacts:read',
  reason: 'Read contact # to address the reply by name',
  median_ms: 230,
};
const updateContact: SampleAct = {
  provider: 'hubspot',
  verb: 'hubspot:update_contact',
  risk_level: 'MEDIUM',
  method: 'PATCH',
  url: 'https://api.hubapi.com/crm/v3/objects/contacts/#',
  scope: 'contacts:write',
  reason: 'Note on contact # that the renewal was discussed',
  median_ms: 310,
};
const searchMail: SampleAct = {
  provider: 'gmail',
  method: 'GET',
  url: 'https://gmail.googleapis.com/gmail/v1/users/me/messages?q=ticket-#',
  scope: 'messages:read',
  reason: 'Search the mailbox for what was said about ticket #',
  median_ms: 260,
};
const sendMail: SampleAct = {
  provider: 'gmail',
  verb: 'gmail:send',
  risk_level: 'MEDIUM',
  method: 'POST',
  url: 'https://gmail.googleapis.com/gmail/v1/users/me/messages/send',
  scope: 'messages:send',
  reason: 'Answer the customer of ticket # with the new delivery date',
  median_ms: 390,
};
const readCalendar: SampleAct = {
  provider: 'google-calendar',
  method: 'GET',
  url: 'https://www.googleapis.com/calendar/v3/calendars/primary/events?day=#',
  scope: 'calendar:read',
  reason: 'See what is planned before proposing a time for meeting #',
  median_ms: 170,
};
const postMessage: SampleAct = {
  provider: 'slack',
  verb: 'slack:post',
  risk_level: 'LOW',
  method: 'POST',
  url: 'https://slack.com/api/chat.postMessage?thread=#',
  scope: 'chat:write',
  reason: 'Tell the team in thread # what was found',
  median_ms: 120,
};
const readOrders: SampleAct = {
  provider: 'warehouse',
  method: 'GET',
  url: 'https://warehouse.example.com/v2/orders/#',
  scope: 'orders:read',
  reason: 'Check where order # is before answering',
  median_ms: 900,
};
const deleteRecord: SampleAct = {
  provider: 'warehouse',
  verb: 'warehouse:delete_order',
  risk_level: 'HIGH',
  method: 'DELETE',
  url: 'https://warehouse.example.com/v2/orders/#',
  scope: 'orders:write',
  reason: 'Remove the duplicate order # that the import made',
  median_ms: 700,
};

export const SAMPLE_AGENTS: readonly SampleAgent[] = [
  {
    name: 'pr-review-agent',
    tasks: ['Summarise the review', 'Clear the review queue', 'Prepare the release notes'],
    acts: [readPull, readPull, readPull, comment, comment, postMessage, mergePull],
  },
  {
    name: 'billing-agent',
    tasks: ['Monthly dunning', 'Refunds of the week', 'Check open invoices'],
    acts: [readInvoice, readInvoice, readInvoice, readContact, refund, sendMail],
  },
  {
    name: 'support-agent',
    tasks: ['Ticket triage', 'Answer overnight tickets', 'Find late parcels'],
    acts: [searchMail, searchMail, readOrders, readOrders, readContact, sendMail, refund],
  },
  {
    name: 'sales-assistant',
    tasks: ['Renewal check', 'Prepare tomorrow’s calls'],
    acts: [readContact, readContact, updateContact, readCalendar, searchMail, sendMail],
  },
  {
    name: 'scheduler',
    tasks: ['Morning briefing', 'Find a time for the board meeting'],
    acts: [readCalendar, readCalendar, searchMail, postMessage],
  },
  {
    name: 'cleanup-agent',
    tasks: ['Remove duplicates of the import'],
    acts: [readOrders, readOrders, deleteRecord, postMessage],
  },
];
