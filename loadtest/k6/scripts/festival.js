// What the scripts share: the configuration from the environment (k6 run -e PEAK=500/s …).
export function festivalOf(play) {
  const env = __ENV;
  return Object.assign(env.WINDOW ? { window: env.WINDOW } : play, {
    scenario: env.SCENARIO || 'scenarios/spring-festival-2022.yaml',
    target: env.TARGET || 'http://127.0.0.1:8080',
    keys: env.KEYS || 'data/keys.json',
    peak: env.PEAK || '200/s',
    duration: env.DURATION || '30s',
    seed: env.SEED, // left out: drawn from the clock, and printed
    loadTest: env.LOAD_TEST !== 'false',
  });
}
