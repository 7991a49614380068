// Card lottery: everybody who collected comes for the draw, most of them in the first seconds.
import hongbao from 'k6/x/hongbao';
import { festivalOf, visit } from './festival.js';

const festival = hongbao.festival(festivalOf('card-lottery'));

export const options = festival.options();
export const setup = () => festival.begin();
export const person = () => visit(festival);
export const teardown = () => festival.audit();
