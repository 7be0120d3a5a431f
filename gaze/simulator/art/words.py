"""Which words of a prompt mean what: a regular expression for each thing; where one counts, the first."""

from __future__ import annotations

HAIR_STYLES = {
    "twintails": "twintails|twin tails|pigtails",
    "ponytail": "ponytail|pony tail",
    "bun": "hair bun|single bun|topknot|\\bbun\\b|updo",
    "buns": "double bun|hair buns|odango",
    "braid": "single braid|\\bbraid|braided",
    "braids": "twin braids|two braids",
    "afro": "afro",
    "curly": "curly hair|curls|wavy hair|ringlets",
    "spiky": "spiky hair|spiked hair|messy hair|messy",
    "bald": "\\bbald\\b|no hair",
    "mohawk": "mohawk",
}

LENGTHS = {
    "very long": "very long hair|absurdly long hair|floor-length hair",
    "long": "long hair|\\blong\\b.*\\bhair",
    "short": "short hair|pixie cut|buzz cut|\\bshort\\b.*\\bhair",
    "medium": "medium hair|bob cut|bobbed hair|shoulder-length hair|\\bmedium\\b.*\\bhair",
}

BANGS = {
    "blunt": "blunt bangs|hime cut|straight bangs",
    "parted": "parted bangs|curtain bangs|middle part|forehead",
    "swept": "swept bangs|side part|asymmetrical bangs|undercut|slicked",
    "veil": "hair over one eye|covering one eye",
}

CLOTHES = {
    "kimono": "kimono|yukata|hanfu|hakama|obi",
    "armor": "armou?r|breastplate|cuirass|knight|pauldrons|chainmail|gauntlets",
    "spacesuit": "space ?suit|astronaut|pilot suit|bodysuit",
    "robe": "\\brobes?\\b|wizard|mage|monk|priest|cassock",
    "cloak": "cloak|\\bcape\\b|capelet|poncho|mantle|shawl",
    "sailor": "sailor|serafuku|school uniform",
    "suit": "\\bsuit\\b|tuxedo|business|blazer|waistcoat|necktie|vest\\b|butler",
    "uniform": "uniform|military|\\bguard\\b",
    "hoodie": "hoodie|hooded sweatshirt|track jacket",
    "coat": "\\bcoat\\b|trench|overcoat|parka|labcoat|lab coat",
    "jacket": "jacket|leather|bomber|denim",
    "sweater": "sweater|turtleneck|pullover|cardigan|jumper|knit",
    "dress": "dress|gown|sundress|pinafore|skirt",
    "apron": "apron|maid|\\bcook\\b|chef|baker|waitress",
    "tunic": "tunic|jerkin|peasant|ranger|doublet|corset",
    "shirt": "shirt|blouse|top\\b|camisole|tank|bikini|swimsuit|overalls|jersey",
}

WEAR = {
    "witch hat": "witch hat|wizard hat|pointy hat",
    "straw hat": "straw hat|sun hat|wide.?brim",
    "top hat": "top hat",
    "beret": "beret",
    "cap": "baseball cap|peaked cap|\\bcap\\b(?!e)",
    "beanie": "beanie|knit hat",
    "helmet": "helmet",
    "hood": "hood up|\\bhood\\b(?!ie)",
    "crown": "(?<!flower )crown|tiara|diadem",
    "circlet": "circlet|headband|hairband|headdress|hachimaki",
    "flower": "hair flower|flower in hair|hair ornament",
    "wreath": "wreath|flower crown|laurel",
    "bow": "hair bow|hair ribbon|\\bribbon\\b|\\bbow\\b(?!tie)",
    "veil": "\\bveil\\b|nun\\b",
    "halo": "halo|angel\\b",
    "horns": "horns?\\b|demon|oni\\b|tiefling|dragon girl|dragon boy",
    "cat ears": "cat ears|nekomimi|cat ?girl|animal ears|kemonomimi|fox ears|fox girl|wolf ears|wolf girl|dog ears",
    "rabbit ears": "rabbit ears|bunny",
    "elf ears": "pointy ears|elf\\b|elven|goblin|\\borc\\b",
    "glasses": "glasses|spectacles|bespectacled",
    "goggles": "goggles",
    "monocle": "monocle",
    "eyepatch": "eyepatch|eye patch",
    "scar": "\\bscars?\\b",
    "freckles": "freckles",
    "earrings": "earrings?|ear stud",
    "headphones": "headphones|headset",
    "scarf": "scarf|bandana|muffler",
    "necklace": "necklace|pendant|choker|amulet|locket|pearls",
    "tie": "necktie|\\btie\\b",
    "bowtie": "bow ?tie",
    "fur": "fur trim|fur collar|fur-trimmed",
    "beard": "\\bbeard|bearded",
    "mustache": "m[ou]+stache",
    "stubble": "stubble",
    "wings": "wings|angel\\b|fairy",
    "tattoo": "tattoo|face paint|facial mark|markings",
    "mask": "\\bmask\\b",
    "star": "star hair|hair clip|hairpin",
}

PROPS = {
    "sword": "sword|katana|blade|rapier|fencing|fighting|battle|duel",
    "staff": "\\bstaff\\b|\\bwand\\b|spear|casting|magic circle|spell",
    "book": "\\bbook|reading|grimoire|tome|studying|writing",
    "cup": "\\bcup\\b|mug|coffee|\\btea\\b|drinking|teacup",
    "umbrella": "umbrella|parasol",
    "flower": "holding flower|bouquet|rose in hand|holding a flower|picking flowers",
    "lantern": "lantern|lamp\\b|candle|torch",
    "guitar": "guitar|lute|ukulele|playing music|bard",
    "violin": "violin|fiddle",
    "pipe": "\\bpipe\\b|smoking",
    "cat": "\\bcat\\b(?! ears)|kitten|holding cat",
    "bird": "\\bbird\\b|\\bowl\\b|raven|parrot|crow\\b",
    "phone": "phone|selfie|camera|photograph",
    "fan": "\\bfan\\b|folding fan",
    "orb": "\\borb\\b|crystal ball|magic|glowing ball|energy",
    "apple": "apple|eating|fruit|food",
    "balloon": "balloon",
    "sparkles": "sparkle|glitter|fairy dust|magic|fireflies",
}

POSES = {
    "crossed": "crossed arms|arms crossed|folded arms",
    "raised": "waving|arm up|raised hand|hand up|arms? raised|salute|pointing|reaching|cheering|jumping|dancing|peace",
    "hips": "hands? on hips?|hand on own hip|confident",
    "chin": "hand on (own )?chin|thinking|chin rest|head rest|hand to (own )?mouth|shush",
    "clasped": "praying|hands together|own hands clasped|clasped|prayer|meditat",
    "heart": "hand on (own )?chest|hand over heart|heart hands",
    "behind": "arms behind|hands behind|hands in pockets?",
}

EXPRESSIONS = {
    "closed": "closed eyes|eyes closed|sleeping|meditat|asleep|praying",
    "wink": "wink|one eye closed",
    "grin": "\\bgrin|laugh|:d\\b|happy|excited|joy",
    "open": "open mouth|surprised|shout|singing|shocked|yelling|gasp",
    "smile": "smil|gentle|kind|cheerful|friendly|warm",
    "smirk": "smirk|sly|confident|cocky|naughty",
    "frown": "frown|angry|serious|stern|annoyed|glare|scowl|determined",
    "sad": "\\bsad\\b|crying|tears|melanchol|lonely",
    "sleepy": "half-closed eyes|sleepy|tired|bored|expressionless",
}

PLACES = {
    "space": "space\\b(?!suit)|galaxy|nebula|planet|spaceship|starship|cosm",
    "underwater": "underwater|coral|ocean floor|deep sea",
    "library": "library|bookshel|study\\b|archive|bookstore",
    "cafe": "caf[eé]|tavern|\\binn\\b|\\bbar\\b|kitchen|bakery|restaurant|tea ?house|shop\\b",
    "window": "window|bedroom|classroom|room\\b|indoors|interior|office|train\\b|workshop|studio\\b",
    "hall": "throne|hall\\b|cathedral|church|temple interior|ruins|dungeon|palace interior|ballroom",
    "city": "city|cityscape|street|skyline|rooftop|urban|alley|neon|cyberpunk|skyscraper|downtown|town\\b",
    "castle": "castle|fortress|tower|kingdom",
    "shrine": "shrine|torii|pagoda|japan",
    "forest": "forest|woods|\\btrees?\\b|jungle|grove|woodland|bamboo",
    "beach": "beach|\\bsea\\b|ocean|shore|coast|harbou?r|\\blake\\b|river|island|pier|waves|lighthouse|boat|ship\\b",
    "desert": "desert|dunes?|oasis|canyon|wasteland|sahara",
    "garden": "garden|flowers?\\b(?! crown)|meadow|field|park\\b|greenhouse|grass|sunflower|cherry blossom|sakura",
    "snow": "snow|winter|ice\\b|glacier|frozen|tundra|aurora",
    "mountains": "mountains?|cliff|valley|peak|volcano|alps|hills?",
    "simple": "simple background|white background|grey background|gradient background|plain background|studio lighting",
}

TIMES = {
    "night": "night|moon|stars?\\b|starry|aurora|midnight|dark\\b background|fireworks|neon|fireflies|lantern",
    "sunset": "sunset|dusk|evening|golden hour|sundown|twilight|autumn",
    "dawn": "dawn|sunrise|morning|pastel",
    "overcast": "overcast|rain|fog|mist|storm|cloudy|gloomy|grey sky",
    "day": "\\bday\\b|daylight|noon|sunny|blue sky|midday|summer",
}

WEATHER = {
    "rain": "rain|storm|drizzle",
    "snowfall": "snowing|snowfall|snow\\b|blizzard|winter",
    "petals": "petals|cherry blossom|sakura|spring",
    "leaves": "falling leaves|autumn|wind\\b|windy|leaves",
    "fireflies": "firefl|sparkle|glowing|magic|fantasy|embers|fairy",
    "bubbles": "bubbles|underwater",
    "fog": "fog|mist|haze",
}

SKY = {
    "aurora": "aurora|northern lights",
    "moon": "moon",
    "crescent": "crescent",
    "stars": "starry|stars?\\b|milky way",
    "clouds": "cloud|cumulus",
    "sun": "\\bsun\\b|sunlight|sunset|sunrise",
    "rainbow": "rainbow",
    "fireworks": "fireworks",
    "birds": "\\bbirds\\b|seagull|flock",
}

STYLES = {
    "watercolor": "watercolou?r|aquarelle|gouache",
    "ink": "\\bink\\b|sumi|calligraphy|lineart|line art",
    "sketch": "sketch|pencil|charcoal|graphite|drawing \\(medium\\)",
    "pixel": "pixel ?art|8-?bit|16-?bit|pixelated",
    "oil": "oil paint|impasto|painterly|acrylic|impressionis|painting \\(medium\\)",
    "mono": "monochrome|greyscale|grayscale|black and white|noir",
    "sepia": "sepia|vintage|old photo|daguerreotype",
    "pop": "pop art|comic|halftone|screentone|manga|retro",
    "neon": "neon|vaporwave|synthwave|cyberpunk|glitch",
    "pastel": "pastel|soft colors|kawaii|dreamy",
    "glass": "stained glass|mosaic|low poly|geometric",
    "film": "cinematic|film grain|photo ?realistic|photograph\\b|bokeh|dramatic lighting|chiaroscuro",
}
