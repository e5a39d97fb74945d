// The words of the page in its three languages.
import type { EndReason } from "../calls/state";
import type { MediaFault } from "../calls/media";
import type { Reaction } from "../protocol";

/** Each text in English, Ukrainian and Russian. `{}` is filled in. */
const TEXTS = {
  title: ["Call", "Дзвінок", "Звонок"],
  joinRoom: ["Join", "Приєднатися", "Присоединиться"],
  callNow: ["Call", "Подзвонити", "Позвонить"],
  roomName: ["Room name", "Назва кімнати", "Название комнаты"],
  roomHint: ["Anyone who knows the name can join", "Увійде кожен, хто знає назву", "Войдёт каждый, кто знает название"],
  person: ["User number", "Номер користувача", "Номер пользователя"],
  toRoom: ["A room", "Кімната", "Комната"],
  toPerson: ["A person", "Людина", "Человек"],
  yourNumber: ["Your user number", "Ваш номер користувача", "Ваш номер пользователя"],
  yourToken: ["Your token", "Ваш токен", "Ваш токен"],
  signIn: ["Sign in", "Увійти", "Войти"],
  signInWhy: [
    "Open this page from your messenger, or paste a token.",
    "Відкрийте сторінку з месенджера або вставте токен.",
    "Откройте страницу из мессенджера или вставьте токен.",
  ],
  signInEnded: ["Your sign-in has run out", "Термін вашого входу вийшов", "Срок вашего входа вышел"],
  signInEnds: [
    "Your sign-in runs out. The call goes on; paste a new token so that it stays so.",
    "Термін вашого входу спливає. Дзвінок триває; вставте новий токен, щоб так і лишилося.",
    "Срок вашего входа истекает. Звонок идёт; вставьте новый токен, чтобы так и осталось.",
  ],
  later: ["Later", "Пізніше", "Позже"],
  notYourToken: ["That is not a token of yours.", "Це не ваш токен.", "Это не ваш токен."],
  openMode: [
    "Nobody signs in on this server: you are who you say you are.",
    "На цьому сервері ніхто не входить: ви той, ким назветеся.",
    "На этом сервере никто не входит: вы тот, кем назовётесь.",
  ],
  ready: ["Ready to join?", "Готові приєднатися?", "Готовы присоединиться?"],
  readyToCall: ["Ready to call?", "Готові подзвонити?", "Готовы позвонить?"],
  you: ["You", "Ви", "Вы"],
  user: ["User {}", "Користувач {}", "Пользователь {}"],
  mic: ["Microphone", "Мікрофон", "Микрофон"],
  camera: ["Camera", "Камера", "Камера"],
  speaker: ["Speaker", "Динамік", "Динамик"],
  micOn: ["Turn microphone on", "Увімкнути мікрофон", "Включить микрофон"],
  micOff: ["Turn microphone off", "Вимкнути мікрофон", "Выключить микрофон"],
  cameraOn: ["Turn camera on", "Увімкнути камеру", "Включить камеру"],
  cameraOff: ["Turn camera off", "Вимкнути камеру", "Выключить камеру"],
  cameraIsOff: ["Your camera is off", "Ваша камера вимкнена", "Ваша камера выключена"],
  settings: ["Devices", "Пристрої", "Устройства"],
  tones: ["Ring tones", "Звуки виклику", "Звуки вызова"],
  tonesOff: ["Do not ring aloud", "Дзвонити без звуку", "Звонить без звука"],
  share: ["Share screen", "Показати екран", "Показать экран"],
  stopSharing: ["Stop sharing", "Припинити показ", "Остановить показ"],
  hand: ["Raise hand", "Підняти руку", "Поднять руку"],
  handDown: ["Lower hand", "Опустити руку", "Опустить руку"],
  react: ["React", "Реакція", "Реакция"],
  chat: ["Chat", "Чат", "Чат"],
  people: ["People", "Учасники", "Участники"],
  more: ["More", "Ще", "Ещё"],
  leave: ["Leave", "Вийти", "Выйти"],
  hangUp: ["Hang up", "Завершити", "Завершить"],
  accept: ["Answer", "Відповісти", "Ответить"],
  acceptVideo: ["Answer with video", "Відповісти з відео", "Ответить с видео"],
  reject: ["Decline", "Відхилити", "Отклонить"],
  cancel: ["Cancel", "Скасувати", "Отменить"],
  close: ["Close", "Закрити", "Закрыть"],
  rings: ["calls you", "дзвонить вам", "звонит вам"],
  calling: ["Calling…", "Дзвонимо…", "Звоним…"],
  ringing: ["Ringing…", "Дзвінок іде…", "Звонок идёт…"],
  waking: ["Waking their phone…", "Будимо телефон…", "Будим телефон…"],
  connecting: ["Connecting…", "З’єднання…", "Соединение…"],
  joining: ["Joining…", "Входимо…", "Входим…"],
  atTheDoor: ["The host will let you in soon", "Ведучий скоро вас впустить", "Ведущий скоро вас впустит"],
  atTheDoorMore: ["Please keep this page open.", "Не закривайте сторінку.", "Не закрывайте страницу."],
  alone: ["Nobody else is here yet", "Поки що нікого немає", "Пока никого нет"],
  copyLink: ["Copy link", "Скопіювати посилання", "Скопировать ссылку"],
  copied: ["Copied", "Скопійовано", "Скопировано"],
  reconnecting: ["Reconnecting…", "Відновлюємо зв’язок…", "Восстанавливаем связь…"],
  serverAway: [
    "The server cannot be reached; the call goes on",
    "Сервер недоступний; дзвінок триває",
    "Сервер недоступен; звонок продолжается",
  ],
  away: ["reconnecting", "відновлює зв’язок", "восстанавливает связь"],
  muted: ["muted", "без звуку", "без звука"],
  speaks: ["speaking", "говорить", "говорит"],
  shares: ["{} shares the screen", "{} показує екран", "{} показывает экран"],
  screenOf: ["Screen of {}", "Екран: {}", "Экран: {}"],
  handIsUp: ["hand raised", "рука піднята", "рука поднята"],
  handOf: ["{} raised a hand", "{} піднімає руку", "{} поднимает руку"],
  joined: ["{} joined", "{} приєднується", "{} присоединяется"],
  left: ["{} left", "{} виходить", "{} выходит"],
  mutedByHost: ["The host muted you", "Ведучий вимкнув ваш мікрофон", "Ведущий выключил ваш микрофон"],
  host: ["Host", "Ведучий", "Ведущий"],
  mute: ["Mute", "Вимкнути мікрофон", "Выключить микрофон"],
  remove: ["Remove", "Видалити", "Удалить"],
  admit: ["Let in", "Впустити", "Впустить"],
  deny: ["Deny", "Не впускати", "Не впускать"],
  waits: ["Waiting to join", "Чекають на вхід", "Ждут входа"],
  someoneWaits: ["{} wants to join", "{} хоче увійти", "{} хочет войти"],
  lock: ["Lock the room", "Замкнути кімнату", "Закрыть комнату"],
  waitingRoom: ["Newcomers wait for the host", "Нові чекають на ведучого", "Новые ждут ведущего"],
  pin: ["Pin", "Закріпити", "Закрепить"],
  unpin: ["Unpin", "Відкріпити", "Открепить"],
  gridView: ["Grid", "Сітка", "Сетка"],
  speakerView: ["Speaker", "Мовець", "Докладчик"],
  write: ["Write a message", "Написати повідомлення", "Написать сообщение"],
  send: ["Send", "Надіслати", "Отправить"],
  failed: ["not sent", "не надіслано", "не отправлено"],
  noMessages: [
    "Messages are gone when the call ends.",
    "Повідомлення зникнуть після дзвінка.",
    "Сообщения исчезнут после звонка.",
  ],
  stats: ["Connection", "З’єднання", "Соединение"],
  good: ["good", "добре", "хорошее"],
  fair: ["fair", "посередньо", "среднее"],
  bad: ["poor", "погано", "плохое"],
  direct: ["direct", "напряму", "напрямую"],
  byServer: ["media server", "медіасервер", "медиасервер"],
  relayed: ["relayed", "через ретранслятор", "через ретранслятор"],
  ended: ["The call has ended", "Дзвінок завершено", "Звонок завершён"],
  again: ["Join again", "Увійти знову", "Войти снова"],
  callAgain: ["Call again", "Подзвонити ще раз", "Позвонить ещё раз"],
  home: ["Another call", "Інший дзвінок", "Другой звонок"],
  tapToHear: ["Tap to hear the call", "Торкніться, щоб чути", "Нажмите, чтобы слышать"],
  hidden: ["+{} more", "ще {}", "ещё {}"],
  denied: [
    "Access was denied. Allow it in the address bar, then try again.",
    "Доступ заборонено. Дозвольте його в адресному рядку і спробуйте ще раз.",
    "Доступ запрещён. Разрешите его в адресной строке и попробуйте ещё раз.",
  ],
  missing: ["None was found", "Не знайдено", "Не найдено"],
  busy: ["Another program uses it", "Його зайняла інша програма", "Занято другой программой"],
  insecure: [
    "Browsers allow this on https only",
    "Браузери дозволяють це лише через https",
    "Браузеры разрешают это только по https",
  ],
  unknown: ["It does not start", "Не запускається", "Не запускается"],
  tryAgain: ["Try again", "Спробувати ще раз", "Попробовать ещё раз"],
  refused: ["The server did not let you in", "Сервер вас не впустив", "Сервер вас не впустил"],
  replaced: [
    "This call was opened in another window",
    "Дзвінок відкрито в іншому вікні",
    "Звонок открыт в другом окне",
  ],
  waitForCalls: [
    "Keep this page open and calls ring here.",
    "Тримайте сторінку відкритою, і дзвінки лунатимуть тут.",
    "Держите страницу открытой, и звонки будут здесь.",
  ],
} as const satisfies Record<string, readonly [string, string, string]>;

/** Why a call is over, where it is not simply over. */
const ENDS: Partial<Record<EndReason, readonly [string, string, string]>> = {
  left: ["You left the call", "Ви вийшли з дзвінка", "Вы вышли из звонка"],
  cancelled: ["The caller hung up", "Абонент скасував дзвінок", "Абонент отменил звонок"],
  missed: ["Nobody answered in time", "Ніхто не відповів вчасно", "Никто не ответил вовремя"],
  declined: ["The call was declined", "Дзвінок відхилено", "Звонок отклонён"],
  busy: ["They are in another call", "Абонент уже розмовляє", "Абонент уже разговаривает"],
  recipient_busy: ["They are in another call", "Абонент уже розмовляє", "Абонент уже разговаривает"],
  elsewhere: ["Answered on another device", "Прийнято на іншому пристрої", "Принято на другом устройстве"],
  already_answered: ["Answered on another device", "Прийнято на іншому пристрої", "Принято на другом устройстве"],
  timeout: ["Nobody answered", "Ніхто не відповів", "Никто не ответил"],
  recipient_offline: ["They cannot be reached", "Абонент недоступний", "Абонент недоступен"],
  server_shutdown: ["The server was stopped", "Сервер зупинено", "Сервер остановлен"],
  removed: ["The host removed you", "Ведучий видалив вас", "Ведущий удалил вас"],
  not_let_in: ["The host did not let you in", "Ведучий не впустив вас", "Ведущий не впустил вас"],
  no_path: ["No way between the devices was found", "Пристрої не змогли з’єднатися", "Устройства не смогли соединиться"],
  they_lost_connection: ["Their connection was lost", "Зв’язок з абонентом втрачено", "Связь с абонентом потеряна"],
  we_lost_connection: ["Your connection was lost", "Ваш зв’язок втрачено", "Ваша связь потеряна"],
  room_full: ["The room is full", "Кімната заповнена", "Комната заполнена"],
  forbidden: ["You may not join this call", "Вам не можна до цього дзвінка", "Вам нельзя в этот звонок"],
  not_found: ["There is no such call", "Такого дзвінка немає", "Такого звонка нет"],
  expired: ["This call is over", "Цей дзвінок завершено", "Этот звонок завершён"],
  already_in_call: ["This device is in a call", "Цей пристрій уже в дзвінку", "Это устройство уже в звонке"],
  group_is_talking: ["The group is in a call already", "Група вже розмовляє", "Группа уже разговаривает"],
  rate_limited: ["Too many tries; wait a moment", "Забагато спроб; зачекайте", "Слишком много попыток; подождите"],
  unavailable: ["The server cannot do it now", "Сервер зараз не може", "Сервер сейчас не может"],
};

/** How reactions look. */
export const REACTIONS: Record<Reaction, string> = {
  thumbs_up: "👍",
  thumbs_down: "👎",
  heart: "❤️",
  laugh: "😂",
  surprise: "😮",
  sad: "😢",
  clap: "👏",
  party: "🎉",
};

/** A language of the page. */
export type Language = "en" | "uk" | "ru";

/** A text that the page has. */
export type Word = keyof typeof TEXTS;

const LANGUAGES: readonly Language[] = ["en", "uk", "ru"];

/** The first language of the person that the page has. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (language) return language;
  }
  return "en";
}

let column = 0;

export function setLanguage(language: Language): void {
  column = LANGUAGES.indexOf(language);
}

/** A text in the language of the page. */
export function say(word: Word, fill = ""): string {
  return (TEXTS[word][column] ?? TEXTS[word][0]).replace("{}", fill);
}

export function sayEnd(reason: EndReason): string {
  return ENDS[reason]?.[column] ?? say("ended");
}

export function sayFault(fault: MediaFault): string {
  return say(fault);
}

/** A length of time as a clock shows it. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
