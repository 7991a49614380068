// Fireworks show: a slow rise to a plateau of ten minutes.
import hongbao from 'k6/x/hongbao';
import { festivalOf, visit } from './festival.js';

const festival = hongbao.festival(festivalOf('fireworks'));

export const options = festival.options();
export const setup = () => festival.begin();
export const person = () => visit(festival);
export const teardown = () => festival.audit();
