// A few people of the rain, to check that everything works: five seconds, at most 20 wins per second.
import hongbao from 'k6/x/hongbao';
import { festivalOf } from './festival.js';

const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '20/s', duration: '5s' }));

// So few people need not do everything, so the scenario's own thresholds do not apply.
export const options = festival.options({ scenarioThresholds: false });
export const setup = () => festival.begin();
export const teardown = () => festival.audit();

export function person() {
  if (festival.win()?.outcome === 'ok') {
    festival.look();
    festival.withdraw();
  }
}
