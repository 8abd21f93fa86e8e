import { Card, SimpleGrid, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { Link } from 'react-router';

import { useOwnTenant } from '../../parts/tenant';
import { sentence } from '../../sentence/sentence';
import { editor as texts, starts } from '../../texts/editor';
import { STARTS } from './starts';

export function Gallery() {
  const { currency } = useOwnTenant();
  return (
    <Stack>
      <Title order={1} size="h2">{texts.newTitle}</Title>
      <Text c="dimmed">{texts.galleryText}</Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {STARTS.map(({ id, make }) => (
          <UnstyledButton key={id} component={Link} to={`/promotions/new?start=${id}`}>
            <Card withBorder h="100%" padding="md">
              <Text fw={600}>{starts[id].title}</Text>
              <Text size="sm">{starts[id].text}</Text>
              <Text size="xs" c="dimmed" mt="xs">{sentence(make({ starts_at: '', ends_at: '' }), { currency })}</Text>
            </Card>
          </UnstyledButton>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
