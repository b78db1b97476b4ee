import '../style.css';

import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { createQueryClient } from '../shared/api/queries.ts';
import { ToastProvider } from '../shared/ui/toast.tsx';
import { PATHS } from './api.ts';
import { WalletPage } from './wallet-page.tsx';

/** Whose wallet it is is asked again where anything says that it is closed; the page goes by that. */
const queries = createQueryClient(() => {
  const queryKey = [PATHS.wallet, {}];
  if (!queries.getQueryState(queryKey)?.error) void queries.invalidateQueries({ queryKey });
});

createRoot(document.querySelector('#page') as HTMLElement).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <ToastProvider>
          <WalletPage />
        </ToastProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
