import '../style.css';

import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { createQueryClient } from '../shared/api/queries.ts';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { ToastProvider } from '../shared/ui/toast.tsx';
import { router } from './router.tsx';
import { forgetApp, restoreApp } from './shell/app-switch.tsx';

const queries = createQueryClient(() => {
  const { pathname, href } = router.state.location;
  if (pathname === '/sign-in') return;
  forgetApp();
  void router.navigate({ to: '/sign-in', search: { to: href } });
});

if (location.pathname === '/sign-in') forgetApp();
else restoreApp();

createRoot(document.querySelector('#page') as HTMLElement).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
