// The call page begins here.
import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./style.css";
import { chooseLanguage, setLanguage } from "./text";

const wanted = new URLSearchParams(location.search).get("lang");
const language = chooseLanguage([...(wanted ? [wanted] : []), ...navigator.languages]);
setLanguage(language);
document.documentElement.lang = language;

const place = document.getElementById("page");
if (place) createRoot(place).render(<App />);
