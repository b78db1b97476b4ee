import { Autocomplete } from '@base-ui/react/autocomplete';
import { plain } from '@affidavit/schema/plain';
import { Search as SearchIcon, X } from 'lucide-react';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';

import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useSuggestions, type Suggestion } from './suggestions.ts';
import { tokensOf, withoutToken, withToken, type Token } from './filters.ts';
import { readTyped, typedOf } from './typed.ts';
import type { Question } from './use-question.ts';

/** Conditions as one writes them: `provider:mail outcome:error refund`. `/` leads here. */
export function FilterBar({ search, question, change }: Question) {
  const [text, setText] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const tokens = tokensOf(search);
  const suggestions = useSuggestions(text, question);
  useShortcuts(
    useMemo(() => [{ keys: '/', does: 'Filter the list', run: () => input.current?.focus() }], []),
  );
  const apply = (typed: string) => {
    setText('');
    setIsOpen(false);
    const added = readTyped(typed);
    if (added.length > 0) change((before) => added.reduce(withToken, before));
  };
  const remove = (token: Token) => change((before) => withoutToken(before, token));
  const choose = ({ value, isWhole }: Suggestion) => (isWhole ? apply(value) : setText(value));
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const last = tokens.at(-1);
    if (event.key === 'Backspace' && text === '' && last) {
      event.preventDefault();
      remove(last);
      setText(typedOf(last));
    }
    if (event.key === 'Enter' && !isHighlighted(event.currentTarget)) apply(text);
    if (event.key === 'Escape' && text === '') event.currentTarget.blur();
  };
  return (
    <Autocomplete.Root
      items={suggestions}
      mode="none"
      value={text}
      onValueChange={(next, { reason }) => {
        if (reason !== 'item-press') setText(next);
      }}
      open={isOpen && suggestions.length > 0}
      // After the name of a field, its values are offered.
      onOpenChange={(next, { reason }) => reason !== 'item-press' && setIsOpen(next)}
      itemToStringValue={({ value }: Suggestion) => value}
    >
      <div className="flex min-h-10 grow flex-wrap items-center gap-1.5 rounded-lg border border-line-strong bg-panel px-2.5 py-1.5 focus-within:outline-2 focus-within:outline-accent">
        <SearchIcon className="size-4 shrink-0 text-ink-3" aria-hidden />
        {tokens.map((token) => (
          <TokenChip key={`${token.name}:${token.value}`} token={token} onRemove={remove} />
        ))}
        <Autocomplete.Input
          ref={input}
          aria-label="Filter"
          placeholder={tokens.length === 0 ? 'provider:mail outcome:error, or any word' : ''}
          onKeyDown={onKey}
          autoCapitalize="none"
          spellCheck={false}
          className="h-6 w-24 grow bg-transparent text-sm outline-none placeholder:text-ink-3"
        />
        <kbd
          aria-hidden
          className="rounded border border-line px-1.5 font-sans text-xs text-ink-3 max-md:hidden"
        >
          /
        </kbd>
      </div>
      <Suggestions onChoose={choose} />
    </Autocomplete.Root>
  );
}

const isHighlighted = (input: HTMLElement) => input.getAttribute('aria-activedescendant') !== null;

interface TokenChipProps {
  readonly token: Token;
  readonly onRemove: (token: Token) => void;
}

function TokenChip({ token, onRemove }: TokenChipProps) {
  const name = token.name === 'q' ? 'text' : token.name;
  const value = plain(token.value);
  return (
    <span className="inline-flex max-w-full items-center rounded bg-accent-soft text-xs text-accent">
      <span className="max-w-64 truncate py-1 pl-2" title={`${name}: ${value}`}>
        {name}: <span className="font-medium">{value}</span>
      </span>
      <button
        type="button"
        aria-label={`Remove ${name}: ${value}`}
        onClick={() => onRemove(token)}
        className="flex size-6 shrink-0 items-center justify-center rounded hover:bg-accent/15"
      >
        <X className="size-3" aria-hidden />
      </button>
    </span>
  );
}

function Suggestions({ onChoose }: { readonly onChoose: (suggestion: Suggestion) => void }) {
  return (
    <Autocomplete.Portal>
      <Autocomplete.Positioner sideOffset={4} align="start" className="z-40">
        <Autocomplete.Popup className="max-h-80 w-80 max-w-[90vw] overflow-y-auto rounded-lg border border-line bg-panel p-1 shadow-float">
          <Autocomplete.List>
            {(suggestion: Suggestion) => (
              <Autocomplete.Item
                key={suggestion.value}
                value={suggestion}
                onClick={() => onChoose(suggestion)}
                className="flex items-baseline gap-3 rounded-md px-2.5 py-1.5 text-sm outline-none select-none data-highlighted:bg-sunken"
              >
                <span className="min-w-0 grow truncate">{suggestion.label}</span>
                <span className="shrink-0 text-xs text-ink-3 tabular-nums">{suggestion.about}</span>
              </Autocomplete.Item>
            )}
          </Autocomplete.List>
        </Autocomplete.Popup>
      </Autocomplete.Positioner>
    </Autocomplete.Portal>
  );
}
