// A few people of the rain, to see that everything is in place: five seconds, 20 wins a second at most.
import hongbao from 'k6/x/hongbao';
import { festivalOf } from './festival.js';

const festival = hongbao.festival(Object.assign(festivalOf('rain'), { peak: '20/s', duration: '5s' }));

// So few people need not all do everything, so the scenario's own thresholds do not bind.
export const options = festival.options({ scenarioThresholds: false });
export const setup = () => festival.begin();
export const teardown = () => festival.audit();

export function person() {
  if (festival.win()?.outcome === 'ok') {
    festival.look();
    festival.withdraw();
  }
}
