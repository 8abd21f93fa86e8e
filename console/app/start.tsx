import './mantine.css';
import '@mantine/notifications/styles.css';
import './style.css';

import { createTheme, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';

import { queries } from './api/queries';
import { makeRouter } from './routes';
import { states } from './texts/frame';

const theme = createTheme({
  primaryColor: 'blue',
  // Dark enough for white words on it, and for its words on white.
  primaryShade: { light: 8, dark: 8 },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace',
  defaultRadius: 'sm',
  components: {
    // What must be heard at once says so by a role of its own.
    // Its titles are in the color of the text: green or orange on its own pale ground is hard to read.
    Alert: { defaultProps: { role: 'note' }, styles: { title: { color: 'var(--mantine-color-text)' } } },
    // Whoever has no mouse scrolls a wide table with the arrow keys.
    TableScrollContainer: { defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': states.close } } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': states.close } } },
  },
});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queries}>
          <Notifications />
          <RouterProvider router={makeRouter()} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
