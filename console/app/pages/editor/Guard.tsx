import { Alert, Button, Stack, Text } from '@mantine/core';
import { Component } from 'react';
import type { ReactNode } from 'react';

import { json as texts } from '../../texts/editor';

interface GuardProps {
  /** What may change so that it can be drawn again. */
  draft: unknown;
  showJson: () => void;
  children: ReactNode;
}

/** JSON can say what fields cannot show: a word where a list should be. Then the fields step back until it is mended. */
export class Guard extends Component<GuardProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidUpdate(before: GuardProps): void {
    if (this.state.hasFailed && before.draft !== this.props.draft) this.setState({ hasFailed: false });
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <Alert color="red" role="alert">
        <Stack gap="xs" align="start">
          <Text size="sm">{texts.unshowable}</Text>
          <Button size="xs" variant="default" onClick={this.props.showJson}>{texts.open}</Button>
        </Stack>
      </Alert>
    );
  }
}
