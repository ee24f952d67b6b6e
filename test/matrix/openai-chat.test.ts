import { everyRecordingOf } from './recorded.ts';

everyRecordingOf('openai-chat');
