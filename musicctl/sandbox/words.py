"""The words that made-up listeners, songs and artists are named with."""

GENRES = (
    "ambient", "blues", "bossa nova", "classical", "country", "disco", "dub", "electronic", "folk", "funk",
    "hip hop", "house", "indie rock", "jazz", "k-pop", "latin", "metal", "punk", "reggae", "soul", "techno",
)  # fmt: skip

DISPLAY_NAMES = (
    "Ada", "Björk", "Chloé", "Dóra", "Eoin", "Frida", "Günther", "Håkon", "Inês", "José", "Keïta", "Łukasz",
    "Máire", "Nguyễn Văn An", "Ólafur", "Paolo", "Quentin", "Renée", "Søren", "Taavi", "Ümit", "Vera",
    "Анастасия", "Борис", "Олександр", "Милица", "Γιώργος", "Ελένη", "Կարինե", "თამარი",
    "דניאל", "נועה", "فاطمة", "محمد", "مریم", "अनिता", "राहुल", "அருண்", "তানিয়া", "สมชาย",
    "明美", "さくら", "タケシ", "김민준", "서연", "李娜", "王偉", "陳大文",
    "DJ Ringo ⭐", "luna 🌙", "rock'n'roll 🤘🏽", "👩‍🚀 Valentina", "Zoë (she/her)", "O'Brien", "a", "x_X_x",
)  # fmt: skip

GIVEN_NAMES = (
    "ada", "boris", "chen", "dora", "emeka", "fatima", "goran", "hana", "ines", "jose", "kofi", "lena",
    "mina", "noor", "olga", "paulo", "quinn", "ravi", "sven", "tomas", "uma", "vera", "wren", "yuki", "zoe",
)  # fmt: skip

FIRST_WORDS = (
    "Blue", "Broken", "Burning", "Distant", "Electric", "Empty", "Endless", "Golden", "Hollow", "Last",
    "Little", "Midnight", "Northern", "Paper", "Quiet", "Restless", "Second", "Silver", "Slow", "Wild",
)  # fmt: skip

SECOND_WORDS = (
    "Avenue", "Bird", "City", "Dream", "Fever", "Garden", "Heart", "Highway", "Light", "Machine", "Moon",
    "Ocean", "Parade", "Rain", "River", "Season", "Signal", "Summer", "Train", "Window",
)  # fmt: skip

ARTISTS = (
    "Brothers", "Collective", "Ensemble", "Orchestra", "Quartet", "Sisters", "Sound System", "Trio",
)  # fmt: skip

PLAYLISTS = (
    "Coding", "Commute", "Dinner", "Focus", "Friday", "Gym", "Kitchen", "Late night", "On repeat", "Party",
    "Rainy day", "Road trip", "Running", "Sleep", "Sunday", "Throwback",
)  # fmt: skip
