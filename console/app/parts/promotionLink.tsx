import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

/** A promotion's name as a link to its page. A draft that is not stored has none. */
export function promotionLink({ promotion_id, name }: { promotion_id: string; name: string }): ReactNode {
  return promotion_id.startsWith('draft:') ? name : <Anchor component={Link} to={`/promotions/${promotion_id}`} fz="inherit">{name}</Anchor>;
}
