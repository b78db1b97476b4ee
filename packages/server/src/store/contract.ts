import { afterEach, beforeEach, describe } from 'node:test';

import { effectTests, lockTests } from './contract-effects.ts';
import { atomicityTests, entryTests } from './contract-entries.ts';
import { removalTests } from './contract-removals.ts';
import type { OpenedStore } from './contract.fixture.ts';

/** What every `LedgerStore` must do; `openStore` makes an empty database each time. */
export function describeStore(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await openStore();
    });
    afterEach(() => opened.close());
    const given = () => opened;
    describe('entries', () => entryTests(given));
    describe('atomicity', () => atomicityTests(given));
    describe('effects', () => effectTests(given));
    describe('removal', () => removalTests(given));
    describe('locks and failures', () => lockTests(given));
  });
}
