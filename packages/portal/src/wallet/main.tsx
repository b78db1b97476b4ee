import '../style.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

createRoot(document.querySelector('#page') as HTMLElement).render(<StrictMode />);
