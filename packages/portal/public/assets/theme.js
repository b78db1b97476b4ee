// Before the first paint, so that a dark page never flashes white. Kept apart because pages have no inline scripts.
try {
  const theme = localStorage.getItem('affidavit-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system decides.
}
