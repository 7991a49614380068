// Red-packet rain on the friends' page: a second rain with a separate scene.
import hongbao from 'k6/x/hongbao';
import { festivalOf, visit } from './festival.js';

const festival = hongbao.festival(festivalOf('friend-rain'));

export const options = festival.options();
export const setup = () => festival.begin();
export const person = () => visit(festival);
export const teardown = () => festival.audit();
