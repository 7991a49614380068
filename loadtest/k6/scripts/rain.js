// Red-packet rain at the peak of the evening.
import hongbao from 'k6/x/hongbao';
import { festivalOf } from './festival.js';

const festival = hongbao.festival(festivalOf({ play: 'rain' }));

export const options = festival.options();
export const setup = () => festival.begin();
export const teardown = () => festival.audit();

export function person() {
  const won = festival.win();
  if (won === null || won.outcome !== 'ok') return;
  if (festival.wants('look') && festival.look().outcome === 'ok' && festival.wants('withdraw')) {
    festival.withdraw();
  }
}
